// Cells are links that the server rendered; here only their colour, number and spoken name change.
// A cell's number is drawn by CSS from data-text, so that the server's own rendering never meets text that it did not write.
export function paint(name, cells) {
  const map = document.querySelector(`[data-heatmap="${CSS.escape(name)}"]`);
  if (!map) return 0;
  const nodes = map.querySelectorAll('[data-cell]');
  let changed = 0;
  for (let i = 0; i < nodes.length && i < cells.length; i++) {
    const [position, text, spoken] = cells[i];
    const node = nodes[i];
    if (node.dataset.text === text && node.dataset.spoken === spoken) continue;
    changed++;
    node.dataset.text = text;
    node.dataset.spoken = spoken;
    node.setAttribute('aria-label', `${node.dataset.cell}: ${spoken}`);
    if (position === null) {
      node.dataset.none = '';
      node.style.removeProperty('--t');
    } else {
      delete node.dataset.none;
      node.style.setProperty('--t', position);
    }
  }
  return changed;
}
