// What happened in a chart's range (policy versions, rollouts, runs, throttling, alerts): fetched once for all charts of a page, drawn behind
// the data as a line for a moment and a band for a stretch, told in words with the value under the cursor and in the table.
const colours = { policy: 'accent', rollout: 'accent', run: 'mean', throttling: 'temperature', alert: 'bad' };
const marks = { policy: 'P', rollout: 'R', run: 'E', throttling: 'T', alert: 'A' };
const kept = new Map();

/** The filter that belongs to a chart's first series: its GPU, or the narrowest place that it names. */
export function filterOf(query) {
  const asked = new URLSearchParams(query ?? '');
  const gpu = asked.get('gpu');
  const scope = ['host', 'rack', 'site'].map(name => [name, asked.get(name)]).find(([, value]) => value);
  return `${gpu ? `&gpu=${encodeURIComponent(gpu)}` : ''}${scope && !gpu ? `&scope=${encodeURIComponent(scope.join('/'))}` : ''}`;
}

/** What happened, as `[{ kind, from, to, title, link }]` in Unix seconds (`to` null: a moment, or it goes on). A server that does not answer leaves charts without. */
export function fetchAnnotations(filter, from, to) {
  const key = `${filter} ${Math.round(from / 10)} ${Math.round(to / 10)}`;
  const known = kept.get(key);
  if (known && performance.now() - known.at < 10000) return known.answer;
  const answer = (async () => {
    const response = await fetch(`/v1/annotations?from=${new Date(from * 1000).toISOString()}&to=${new Date(to * 1000).toISOString()}${filter}`, { credentials: 'same-origin' });
    if (!response.ok) return [];
    const seconds = text => (text ? Date.parse(text) / 1000 : null);
    return (await response.json()).annotations.map(one => ({ kind: one.kind, from: seconds(one.from), to: seconds(one.to), title: one.title, link: one.link }));
  })().catch(() => []);
  kept.set(key, { at: performance.now(), answer });
  if (kept.size > 16) kept.delete(kept.keys().next().value);
  return answer;
}

/** The names of the CSS variables that the drawings need. */
export const eventColours = [...new Set(Object.values(colours))];

/** Stretches of one kind that touch are one: what happens to many things at once is not darker than what happens to one. */
function united(happened) {
  const stretches = new Map();
  for (const { kind, from, to } of happened.filter(one => one.to !== null).sort((a, b) => a.from - b.from)) {
    if (!stretches.has(kind)) stretches.set(kind, []);
    const last = stretches.get(kind).at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else stretches.get(kind).push({ kind, from, to });
  }
  return [...stretches.values()].flat();
}

/** Draws them behind the data. `resolved` gives the colour of a CSS variable. */
export function drawAnnotations(plot, happened, resolved, font) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const ratio = devicePixelRatio;
  const at = seconds => plot.valToPos(seconds, 'x', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.font = font;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let lastMark = -Infinity;
  for (const one of [...united(happened), ...happened.filter(each => each.to === null)].sort((a, b) => a.from - b.from)) {
    const x = at(one.from);
    const end = one.to === null ? x : at(one.to);
    if (end < left || x > left + width) continue;
    ctx.fillStyle = ctx.strokeStyle = resolved(colours[one.kind] ?? 'mean');
    if (end - x >= 1) {
      ctx.globalAlpha = 0.1;
      ctx.fillRect(x, top, end - x, height);
    }
    ctx.globalAlpha = 0.9;
    ctx.setLineDash(one.kind === 'alert' ? [] : [3 * ratio, 3 * ratio]);
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    // A letter says the kind without its colour; letters that would lie upon each other are left to the words.
    if (x - lastMark >= 12 * ratio) { ctx.fillText(marks[one.kind] ?? '?', x + 2 * ratio, top + 1 * ratio); lastMark = x; }
  }
  ctx.restore();
}

/** What happened within `reach` seconds of a moment, or goes on at it. */
export const happenedAt = (happened, time, reach) => happened.filter(one => Math.abs(one.from - time) <= reach || (one.to !== null && one.from <= time && time <= one.to));
