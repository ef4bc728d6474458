// Draws a digit in headless Chromium, reads the answer, teaches the page something new, and takes a screenshot.
//
//   node test.mjs FILE.wasm [SCREENSHOT.png]
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { chromium } = await import("playwright-core").catch(() => {
  console.log("skipped: playwright-core is not installed");
  process.exit(0);
});
const [wasm, screenshot] = process.argv.slice(2);
const files = {
  "/": ["text/html", readFileSync(new URL("index.html", import.meta.url))],
  "/web.wasm": ["application/wasm", readFileSync(wasm)],
};
const server = createServer((request, response) => {
  const [type, body] = files[request.url] ?? ["text/plain", ""];
  response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
}).listen(0, "127.0.0.1");
await new Promise(done => server.once("listening", done));

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failures = 0;
const expect = (what, found, expected) => {
  console.log(`${found === expected ? "right" : "WRONG"}: ${what}: ${found}`);
  failures += found !== expected;
};
try {
  const page = await browser.newPage({ viewport: { width: 800, height: 620 }, colorScheme: "light" });
  page.on("pageerror", error => { console.log(String(error)); failures += 1; });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForSelector("body[data-ready]");
  const facts = JSON.parse(await page.getAttribute("body", "data-ready"));
  console.log(await page.textContent("#facts"));
  expect("the code is below 150 KiB", facts.file - facts.weights < 150 * 1024, true);
  expect("a forward pass takes below 40 us", facts.forward < 40, true);

  const pad = await page.locator("#pad").boundingBox();
  const draw = async strokes => {
    await page.click("#clear");
    for (const stroke of strokes) {
      const points = stroke.map(([x, y]) => [pad.x + x * pad.width, pad.y + y * pad.height]);
      await page.mouse.move(...points[0]);
      await page.mouse.down();
      for (const to of points.slice(1)) await page.mouse.move(...to, { steps: 12 });
      await page.mouse.up();
    }
  };
  const best = async () => Number(await page.locator("li.best span").first().textContent());

  await draw([[[0.3, 0.25], [0.7, 0.25], [0.48, 0.8]]]);
  expect("a seven", await best(), 7);
  await draw([[[0.52, 0.18], [0.48, 0.82]]]);
  expect("a one", await best(), 1);

  // A square is no digit: let it be a four.
  const square = [[[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75], [0.25, 0.25]]];
  await draw(square);
  expect("a square is no four yet", await best() === 4, false);
  await page.click("#is4");
  await page.click("#learn");
  console.log(await page.textContent("#said"));
  expect("a square is a four now", await best(), 4);
  await draw([[[0.52, 0.18], [0.48, 0.82]]]);
  expect("a one still", await best(), 1);
  if (screenshot) {
    await draw([[[0.3, 0.25], [0.7, 0.25], [0.48, 0.8]]]);
    await page.screenshot({ path: screenshot });
  }
  await draw(square);
  await page.click("#forget");
  expect("forgotten", await best() === 4, false);
} finally {
  await browser.close();
  server.close();
}
process.exitCode = failures > 0 ? 1 : 0;
