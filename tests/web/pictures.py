"""Screenshots small enough to keep in a repository: 32 colours, which is plenty for text on plain backgrounds.

The browser that took the picture counts its colours, far quicker than Python could; Python packs what it says (PNG,
ISO/IEC 15948, colour type 3).
"""

from __future__ import annotations

import base64
import struct
import zlib

from playwright.sync_api import Browser

_INDEXED = """async (png) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + png;
  await image.decode();
  const {width, height} = image;
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const each of pixels) counts.set(each, (counts.get(each) || 0) + 1);
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const kept = colours.slice(0, 32);
  const parts = (c) => [c & 255, c >> 8 & 255, c >> 16 & 255];
  const index = new Map(kept.map((colour, number) => [colour, number]));
  for (const colour of colours.slice(32)) {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    kept.forEach((each, number) => {
      const [x, y, z] = parts(each);
      const far = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (far < least) [best, least] = [number, far];
    });
    index.set(colour, best);
  }
  let text = '';
  for (const each of pixels) text += String.fromCharCode(index.get(each));
  return [width, height, kept.flatMap(parts), btoa(text)];
}"""


def smaller(browser: Browser, png: bytes) -> bytes:
    """The picture in its 32 commonest colours; each other becomes the nearest of those."""
    context = browser.new_context()
    try:
        given = base64.b64encode(png).decode()
        width, height, palette, text = context.new_page().evaluate(_INDEXED, given)
    finally:
        context.close()
    pixels = base64.b64decode(text)
    # Filter 0: neighbouring indexes say nothing of each other's colour.
    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, width * height, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", bytes(palette)), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
