"""onnxruntime-web, in Node and in a browser without a window.

``npm install --prefix examples/javascript`` installs it, which brings nothing else to run; Chromium comes from the
system. The browser opens a page of a server on this machine and sends back what it computed.
"""

from __future__ import annotations

import functools
import http.server
import json
import queue
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).parents[2] / "examples" / "javascript"
PACKAGE = FOLDER / "node_modules" / "onnxruntime-web"
BROWSERS = "chromium", "chromium-browser", "google-chrome"
SECONDS = 120.0

RUN = """
export async function run(ort, model, bytes, {type, shape, output}) {
  const session = await ort.InferenceSession.create(model);
  const data = type === "uint8" ? bytes : new Float32Array(bytes.buffer);
  const results = await session.run({images: new ort.Tensor(type, data, shape)});
  return {shape: results[output].dims, values: Array.from(results[output].data)};
}
"""
IN_NODE = """
import {readFileSync} from "node:fs";
import ort from "onnxruntime-web";
import {run} from "./run.mjs";
const [model, images, about] = process.argv.slice(2).map((path) => readFileSync(path));
console.log(JSON.stringify(await run(ort, new Uint8Array(model), new Uint8Array(images), JSON.parse(about))));
"""
IN_BROWSER = """<!doctype html><script type="module">
import * as ort from "/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";
import {run} from "/run.mjs";
const get = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
let answer;
try {
  const about = await (await fetch("/about.json")).json();
  answer = await run(ort, await get("/model.onnx"), await get("/images"), about);
} catch (error) {
  answer = {error: String(error)};
}
await fetch("/answer", {method: "POST", body: JSON.stringify(answer)});
</script>"""


def version_in_node() -> str | None:
    """Of onnxruntime-web and Node; None where one is missing."""
    if not (PACKAGE / "package.json").exists() or not shutil.which("node"):
        return None
    return f"{_package_version()}, Node {_printed('node')}"


def version_in_browser() -> str | None:
    """Of onnxruntime-web and the browser; None where one is missing."""
    browser = _browser()
    if not (PACKAGE / "package.json").exists() or browser is None:
        return None
    return f"{_package_version()}, {' '.join(_printed(browser).split()[:2])}"


def by_node(content: bytes, images: NDArray[Any], output: str) -> NDArray[np.float32]:
    """In a process of Node."""
    with tempfile.TemporaryDirectory() as name:
        folder = _written(Path(name), content, images, output)
        (folder / "main.mjs").write_text(IN_NODE)
        command = ["node", "main.mjs", "model.onnx", "images", "about.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=True)
    return _values(done.stdout)


def by_browser(content: bytes, images: NDArray[Any], output: str) -> NDArray[np.float32]:
    """On a page in a browser."""
    answers: queue.Queue[str] = queue.Queue()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as profile:
        folder = _written(Path(name), content, images, output)
        (folder / "index.html").write_text(IN_BROWSER)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=name))
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        browser = subprocess.Popen(
            [str(_browser()), *FLAGS, f"--user-data-dir={profile}", address], stderr=subprocess.DEVNULL
        )
        try:
            return _values(answers.get(timeout=SECONDS))
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
            server.server_close()


FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
)
"""No window, no rights beyond those of the page, and no calls of its own to the network."""


def _written(folder: Path, content: bytes, images: NDArray[Any], output: str) -> Path:
    (folder / "node_modules").symlink_to(PACKAGE.parent)
    (folder / "run.mjs").write_text(RUN)
    (folder / "model.onnx").write_bytes(content)
    (folder / "images").write_bytes(images.tobytes())
    about = {"type": str(images.dtype), "shape": images.shape, "output": output}
    (folder / "about.json").write_text(json.dumps(about))
    return folder


def _values(answer: str) -> NDArray[np.float32]:
    found = json.loads(answer)
    if "error" in found:
        raise RuntimeError(found["error"])
    return np.array(found["values"], np.float32).reshape(found["shape"])


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _printed(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _package_version() -> str:
    return str(json.loads((PACKAGE / "package.json").read_text())["version"])
