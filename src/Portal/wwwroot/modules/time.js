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

const ticks = new Map();
/** A tick of a time axis: the time of day, and the date where a day begins or where the axis does. */
export function timeText(seconds, step, zone, first) {
  const name = `${zone}`;
  let made = ticks.get(name);
  if (!made) {
    const of = options => new Intl.DateTimeFormat(document.documentElement.dataset.culture || undefined, { ...options, timeZone: zoneOption(zone) });
    made = {
      second: of({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
      minute: of({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
      day: of({ day: 'numeric', month: 'short' }),
      month: of({ month: 'short', year: 'numeric' }),
      midnight: new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: zoneOption(zone) }),
    };
    ticks.set(name, made);
  }
  const date = new Date(seconds * 1000);
  if (step >= 86400 * 27) return made.month.format(date);
  if (step >= 86400) return made.day.format(date);
  if (made.midnight.format(date) === '00:00:00' || (first && step >= 3600)) return made.day.format(date);
  return (step < 60 ? made.second : made.minute).format(date);
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
