// The one door between pages and the browser. Charts and heat maps draw themselves from what the server rendered, before and
// without a circuit; the circuit only pushes deltas (energyTTT.push, energyTTT.paint). Times are Unix seconds, unknown is null.
import { Chart, Total, recolour } from './modules/chart.js';
import { paint } from './modules/heatmap.js';
import { startKeys } from './modules/keys.js';
import { startPasskeys } from './modules/passkeys.js';
import { startTheme } from './modules/theme.js';
import { Time } from './modules/time.js';

customElements.define('ettt-chart', Chart);
customElements.define('ettt-time', Time);
customElements.define('ettt-total', Total);
startTheme(recolour);
startKeys();
startPasskeys();

// The server cannot know the browser's zone at the first request; from the second on it does.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `ettt-zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;

async function copyLink() {
  const status = document.getElementById('announcer');
  try {
    await navigator.clipboard.writeText(location.href);
    if (status) status.textContent = 'Link copied';
  } catch {
    // Without a secure context there is no clipboard: show the address to be copied by hand.
    window.prompt('Copy this link', location.href);
  }
  if (status) setTimeout(() => { status.textContent = ''; }, 3000);
}

document.addEventListener('click', event => {
  if (event.target.closest?.('[data-copy-link]')) copyLink();
  const open = event.target.closest?.('[data-open-dialog]');
  if (open) document.getElementById(open.dataset.openDialog)?.showModal();
  const copied = event.target.closest?.('[data-copy]');
  if (copied) navigator.clipboard?.writeText(document.getElementById(copied.dataset.copy)?.textContent ?? '');
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target) || event.target.closest('a')) menu.open = false;
  }
});

// The secret of an invitation stands behind the number sign, which is sent to no server; from here it goes into the form's body.
const wanted = document.querySelector('[data-fill-from-fragment]');
if (wanted && location.hash.length > 1) {
  if (!wanted.value) wanted.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname + location.search);
}

window.energyTTT = {
  /** One moment for many charts: `{ t, values: { chartName: [a, b] } }`. */
  push: moment => {
    for (const chart of document.querySelectorAll('ettt-chart')) {
      const values = moment.values[chart.getAttribute('name')];
      if (values) chart.live(moment.t, values);
    }
  },
  paint,
};
document.documentElement.dataset.portal = 'ready';
