# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that is driven through its DevTools pipe: no port, no package, one page.

Messages are JSON objects that end with a NUL byte, to file descriptor 3 and from file descriptor 4 of
the browser. Everything that the page logs, throws or requests is kept for the test to judge.
"""

import base64
import json
import os
import selectors
import shutil
import subprocess
import tempfile
import time

PROGRAM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
                if path), None)
KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "Backspace": (8, ""), "Tab": (9, ""),
        "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, "")}


class Browser:
    def __init__(self, timeout=90.0):
        self.timeout = timeout
        self.folder = tempfile.mkdtemp(prefix="silt-chromium-")
        read_commands, self.write_end = os.pipe()
        self.read_end, write_events = os.pipe()
        # The shell gives the pipes the numbers that the browser expects.
        script = f'exec "$@" 3<&{read_commands} 4>&{write_events}'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", script, "chromium", PROGRAM, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
             f"--user-data-dir={self.folder}", "--remote-debugging-pipe", "--window-size=1280,900"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(read_commands, write_events))
        os.close(read_commands)
        os.close(write_events)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.read_end, selectors.EVENT_READ)
        self.received = b""
        self.number = 0
        self.loaded = False
        self.session = None
        self.complaints = []  # console errors, exceptions, refusals by the page's policy
        self.requests = []    # addresses
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.selector.close()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data):]
        end = time.monotonic() + self.timeout
        while True:
            answer = self.next_message(end)
            if answer.get("id") != self.number:
                self.note(answer)
                continue
            if "error" in answer:
                raise AssertionError(f"{method}: {answer['error']}")
            return answer["result"]

    def next_message(self, end):
        while b"\0" not in self.received:
            if not self.selector.select(max(0.0, end - time.monotonic())):
                raise AssertionError(f"the browser did not answer in {self.timeout:.0f} s")
            data = os.read(self.read_end, 1 << 20)
            if not data:
                raise AssertionError("the browser ended")
            self.received += data
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def note(self, event):
        parameters = event.get("params", {})
        method = event.get("method")
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"a dialog opened: {parameters['message']}")
        elif method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def value(self, expression):
        """The value of an expression in the page; promises are waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, expression, what):
        """Waits until an expression is true in the page; returns its value."""
        end = time.monotonic() + self.timeout
        while True:
            value = self.value(expression)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"waited {self.timeout:.0f} s in vain: {what}")
            self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 10)))")

    def open(self, path):
        """Loads a report; returns the milliseconds after which it was complete."""
        self.loaded = False
        self.call("Page.navigate", url=f"file://{path}")
        end = time.monotonic() + self.timeout
        while not self.loaded:
            self.note(self.next_message(end))
        self.wait_for("document.documentElement.dataset.ready && "
                      "document.querySelector('.flame-graph')?.childElementCount > 0",
                      "the report to be drawn")
        return int(self.value("document.documentElement.dataset.ready"))

    def key(self, key, shift=False):
        code, text = KEYS[key] if key in KEYS else (ord(key.upper()), key)
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path, width, height, dark=False):
        self.emulate(width, height, dark)
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def emulate(self, width, height, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
