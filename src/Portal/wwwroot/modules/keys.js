// Keyboard: '?' help, 'g' then a letter goes to a page, Esc closes. Single letters can be switched off in the help (WCAG 2.1.4).
const Off = 'ettt-keys-off';
let waiting = 0;

const typing = target => target.closest?.('input, textarea, select, [contenteditable="true"]');

function go(letter) {
  const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  link?.click();
  return Boolean(link);
}

export function startKeys() {
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      for (const menu of document.querySelectorAll('details.menu[open]')) {
        menu.open = false;
        menu.querySelector('summary')?.focus();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || localStorage.getItem(Off)) return;
    if (event.key === '?') {
      event.preventDefault();
      document.getElementById('help')?.showModal();
    } else if (waiting && performance.now() - waiting < 1500) {
      waiting = 0;
      if (go(event.key.toLowerCase())) event.preventDefault();
    } else if (event.key === 'g') {
      waiting = performance.now();
    } else if (event.key === 'p') {
      document.querySelector('[data-key="p"]')?.click();
    }
  });
  document.addEventListener('change', event => {
    if (event.target.matches?.('[data-keys-switch]')) event.target.checked ? localStorage.removeItem(Off) : localStorage.setItem(Off, '1');
  });
  document.addEventListener('toggle', event => {
    const box = event.target.querySelector?.('[data-keys-switch]');
    if (box) box.checked = !localStorage.getItem(Off);
  }, true);
}
