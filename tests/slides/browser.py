"""Looking at a built deck in a real browser: what lies where, how large it is, and what is missing."""

from contextlib import contextmanager

from tests.browser import chromium

LOOK = """
() => [...document.querySelectorAll('section')].map(section => {
  const slide = section.getBoundingClientRect(), scale = slide.width / 1280, wrong = [];
  const inside = (box, words) => {
    if (box.width && (box.left < slide.left - 1 || box.right > slide.right + 1 || box.top < slide.top - 1
                      || box.bottom > slide.bottom + 1)) wrong.push('outside the slide: ' + words);
  };
  if (section.scrollHeight > section.clientHeight + 1) wrong.push('higher than the slide');
  if (section.scrollWidth > section.clientWidth + 1) wrong.push('wider than the slide');
  const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  const foot = section.querySelector('footer')?.getBoundingClientRect();
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest('mjx-assistive-mml, style, script')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      inside(box, node.data.trim().slice(0, 40));
      if (foot && !parent.closest('footer') && box.bottom > foot.top + 1)
        wrong.push('over the footer: ' + node.data.trim().slice(0, 40));
    }
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < 17.9) wrong.push(size + ' px: ' + node.data.trim().slice(0, 40));
  }
  for (const image of section.querySelectorAll('img')) {
    const box = image.getBoundingClientRect();
    inside(box, image.alt);
    if (foot && box.bottom > foot.top + 1) wrong.push('over the footer: ' + image.alt);
    if (!image.complete || !image.naturalWidth) wrong.push('not shown: ' + image.alt);
    if (!image.alt) wrong.push('no alternative text');
    if (box.width / scale < image.naturalWidth - 1) wrong.push('shrunk: ' + image.alt);
  }
  for (const formula of section.querySelectorAll('mjx-container')) {
    const svg = formula.querySelector('svg'), box = svg?.getBoundingClientRect();
    if (!box || !box.width || formula.querySelector('mjx-merror, [data-mml-node="merror"]')) {
      wrong.push('a formula is not set: ' + formula.textContent.slice(0, 40));
      continue;
    }
    inside(box, 'a formula');
    const size = 1000 * box.width / scale / svg.viewBox.baseVal.width;
    if (size < 17.9) wrong.push('a formula of ' + size.toFixed(1) + ' px');
    if (foot && box.bottom > foot.top + 1) wrong.push('a formula over the footer');
  }
  if (/\\$[^$]+\\$/.test([...section.children].filter(e => !e.matches('pre')).map(e => e.innerText).join(' ')))
    wrong.push('a formula was left as text');
  const blocks = [...section.querySelectorAll(':scope > :is(p, ul, ol, pre, table, blockquote, h1, h2, h3)')];
  const drawn = blocks.flatMap(e => e.matches('p:has(> img)') ? [e.querySelector('img')] : [e]);
  drawn.forEach((one, i) => drawn.slice(i + 1).forEach(two => {
    const a = one.getBoundingClientRect(), b = two.getBoundingClientRect();
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 2) wrong.push('one over the other: ' + (one.innerText ?? one.alt).slice(0, 30) + ' / '
                                           + (two.innerText ?? two.alt).slice(0, 30));
  }));
  const title = section.querySelector('h1, h2')?.innerText ?? '';
  return {title, images: section.querySelectorAll('img').length, wrong};
})
"""


@contextmanager
def opened(path):
    """Give the page of an HTML file in a Chromium without network, and the requests that it made."""
    with chromium(viewport={"width": 1280, "height": 720}, offline=True) as page:
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.resolve().as_uri())
        page.wait_for_load_state("networkidle")
        yield page, requests


def look(page):
    """Return for each slide its title, how many images it shows, and in words what is wrong."""
    return page.evaluate(LOOK)
