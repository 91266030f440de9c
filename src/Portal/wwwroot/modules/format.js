// Mirrors Displays/Display.cs: three significant digits, unit apart, an en dash where there is no number.
const prefixes = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']];
const numbers = new Map();

function fixed(value, decimals, trim = false) {
  const key = decimals + (trim ? 't' : '');
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(document.documentElement.dataset.culture || undefined, { minimumFractionDigits: trim ? 0 : decimals, maximumFractionDigits: decimals });
    numbers.set(key, format);
  }
  return format.format(value === 0 ? 0 : value);
}

function digits(value) {
  const size = Math.abs(value);
  return size >= 99.95 ? fixed(value, 0) : size >= 9.995 ? fixed(value, 1) : size >= 0.9995 ? fixed(value, 2) : fixed(value, 3, true);
}

/** `[text, unit]` of a value; `scaleBy` fixes the prefix to that of another value, so that an axis keeps one unit. */
export function reading(value, unit, scaleBy = value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return ['–', ''];
  if (unit === 'ratio') return [digits(value * 100), '%'];
  if (unit === '°C') return [fixed(Math.round(value * 10) / 10, 1, true), unit];
  if (unit === 'W' || unit === 'J' || unit === 'Wh' || unit === 'Hz') {
    const [scale, prefix] = prefixes.find(([least]) => Math.abs(scaleBy) >= least * 0.9995) ?? prefixes.at(-1);
    return [digits(value / scale), prefix + unit];
  }
  return [digits(value), unit ?? ''];
}

/** A tick of an axis: no more digits than it needs, one prefix for the whole axis. */
export function axisText(split, unit, most) {
  if (split === null || split === undefined) return '';
  if (unit === 'ratio') return `${fixed(split * 100, 1, true)} %`;
  if (split === 0) return '0';
  const [scale, prefix] = unit === 'W' || unit === 'J' || unit === 'Hz' ? prefixes.find(([least]) => most >= least * 0.9995) ?? prefixes.at(-1) : [1, ''];
  return `${fixed(split / scale, 3, true)} ${prefix}${unit}`;
}

export const spoken = (value, unit) => {
  const [text, shown] = reading(value, unit);
  return text === '–' ? 'no data' : shown ? `${text} ${shown}` : text;
};
