// <ettt-time datetime="..." zone="browser" kind="time|full">: a moment written in the zone that the page's address names.
export const zoneOption = zone => (!zone || zone === 'browser' ? undefined : zone === 'utc' ? 'UTC' : zone);

const formats = new Map();
export function format(zone, kind) {
  const key = `${zone} ${kind}`;
  let made = formats.get(key);
  if (!made) {
    const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
    const day = { year: 'numeric', month: 'short', day: '2-digit' };
    made = new Intl.DateTimeFormat(document.documentElement.dataset.culture || undefined, {
      ...(kind === 'time' ? clock : { ...day, ...clock }),
      timeZone: zoneOption(zone),
      timeZoneName: kind === 'full' ? 'short' : undefined,
    });
    formats.set(key, made);
  }
  return made;
}

export class Time extends HTMLElement {
  static observedAttributes = ['datetime', 'zone', 'kind'];
  connectedCallback() { this.show(); }
  attributeChangedCallback() { if (this.isConnected) this.show(); }
  show() {
    const moment = new Date(this.getAttribute('datetime'));
    this.textContent = Number.isNaN(+moment) ? '–' : format(this.getAttribute('zone'), this.getAttribute('kind') ?? 'full').format(moment);
  }
}
