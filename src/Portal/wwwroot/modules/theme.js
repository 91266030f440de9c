// Dark, light or the system's: a cookie, so that the server's first answer already has the right colours.
const order = ['system', 'light', 'dark'];
const names = { system: 'System theme', light: 'Light theme', dark: 'Dark theme' };

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  document.cookie = `ettt-theme=${theme};path=/;max-age=31536000;samesite=lax`;
  label();
}

function label() {
  const theme = document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll('[data-theme-switch]')) {
    if (button.dataset.theme !== theme) {
      button.dataset.theme = theme;
      button.setAttribute('aria-label', `${names[theme]}. Switch to ${names[order[(order.indexOf(theme) + 1) % 3]].toLowerCase()}`);
      button.title = names[theme];
    }
  }
}

export function startTheme(changed) {
  document.addEventListener('click', event => {
    if (!event.target.closest?.('[data-theme-switch]')) return;
    apply(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % 3]);
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}
