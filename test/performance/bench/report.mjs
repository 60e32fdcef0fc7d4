/** A section as a text table: the median, and the range of the rounds beside it. */
export function tableOf({ title, columns, rows }) {
  const lines = [Object.values(columns), ...rows.map((row) => Object.keys(columns).map((name) => cell(row[name])))];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) => line.map((value, column) => value.padStart(widths[column])).join('  '));
  return [title, ...text].join('\n');
}

export function aimText({ what, relation, bound, unit, figure, met }) {
  const range = `${short(figure.min)}–${short(figure.max)}`;
  return `${met ? 'met   ' : 'MISSED'}  ${what}: ${short(figure.median)}${unit} (${range}), aim ${relation} ${bound}${unit}`;
}

function cell(value) {
  if (typeof value !== 'object') return typeof value === 'number' ? value.toLocaleString('en') : value;
  const { median, min, max } = value;
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

/** Three significant digits. */
function short(value) {
  if (Number.isNaN(value)) return 'unknown';
  return value.toLocaleString('en', { maximumSignificantDigits: Math.abs(value) >= 1_000 ? 4 : 3 });
}
