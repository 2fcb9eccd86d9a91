// Texts on screen whose contrast with what is behind them is below WCAG AA: 4.5, of large text 3.
(() => {
  const parse = (color) => {
    const parts = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    // color-mix() comes out as "color(srgb r g b / a)" in shares of one.
    const scale = color.startsWith('color(') ? 255 : 1;
    return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts[3] ?? 1];
  };
  const over = (top, below) =>
    [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const light = (color) => {
    const [r, g, b] = color.map((n) => {
      const share = n / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const known = new Map([[null, [255, 255, 255, 1]]]);
  const behind = (element) => {
    if (!known.has(element)) {
      known.set(
        element,
        over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement)),
      );
    }
    return known.get(element);
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    const style = getComputedStyle(element);
    if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      continue;
    if (element.closest('svg, :disabled, [aria-hidden=true]')) continue;
    const back = behind(element);
    const [a, b] = [light(over(parse(style.color), back)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < least)
      found.add(
        `${ratio.toFixed(2)} ${style.color} on ${back.map(Math.round)}: ${text.slice(0, 30)}`,
      );
  }
  return [...found].slice(0, 10);
})();
