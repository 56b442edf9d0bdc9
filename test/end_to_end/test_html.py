# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser: drawn, searched and zoomed by keyboard, without a network, with
names that try to break out of the page, and with 50,000 stacks. Longer than 300 lines: one page.

Environment: as harness.py, and SILT_HTML_RECORDINGS (a program), SILT_HAS_HTML (0: built without npm),
SILT_AXE (the script of axe-core, which judges whether everybody can use a page).
"""

import os
import subprocess
import unittest

import harness
import html_browser

RECORDINGS = os.path.abspath(os.environ.get("SILT_HTML_RECORDINGS",
                                            "build/test/end_to_end/html_recordings"))
HAS_HTML = os.environ.get("SILT_HAS_HTML", "1") == "1"
AXE = os.environ.get("SILT_AXE", "")
EVIL = "</script><img src=x onerror=alert(1)>"


@unittest.skipUnless(HAS_HTML, "silt was built without npm")
class HtmlTest(harness.SiltTest):
    def write_report(self, kind):
        folder = os.path.join(self.folder, "silt.test.1")
        subprocess.run([RECORDINGS, kind, folder], check=True, timeout=300)
        page = os.path.join(self.folder, f"{kind}.html")
        self.tool("report", "--format", "html", "-o", page, folder, timeout=300)
        return page

    def open_report(self, kind):
        page = self.write_report(kind)
        self.browser = html_browser.Browser()
        self.addCleanup(self.browser.close)
        self.ready = self.browser.open(page)
        return self.browser

    def check_quiet(self, browser):
        self.assertEqual(browser.complaints, [])
        outside = [url for url in browser.requests if not url.startswith(("file://", "data:"))]
        self.assertEqual(outside, [])
        self.assertEqual(len({url.split("#")[0] for url in browser.requests
                              if url.startswith("file://")}), 1)

    def test_a_name_can_end_neither_the_data_nor_the_page(self):
        with open(self.write_report("hostile"), encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("<img", text)
        self.assertNotIn("&lt;b&gt;", text)
        data = text.split('id="silt-data">', 1)[1].split("</script>", 1)[0]
        self.assertEqual([sign for sign in "<>&" if sign in data], [])
        self.assertIn("\\u003c/script\\u003e\\u003cimg src=x onerror=alert(1)\\u003e", data)
        self.assertIn("default-src 'none'", text)


@unittest.skipUnless(HAS_HTML, "silt was built without npm")
@unittest.skipUnless(html_browser.PROGRAM, "not installed: chromium")
class BrowserTest(HtmlTest):
    test_a_name_can_end_neither_the_data_nor_the_page = None

    def frames(self):
        return self.browser.value("document.querySelectorAll('.flame-graph g').length")

    def top(self):
        """The name of the frame that fills the width, or 'all memory'."""
        return self.browser.value("[...document.querySelectorAll('.flame-path button')].pop()"
                                  "?.textContent ?? 'all memory'")

    def focused(self):
        return self.browser.value("document.activeElement.getAttribute('aria-label') ?? ''")

    def test_hostile_names_show_as_text_and_nothing_runs(self):
        browser = self.open_report("hostile")
        self.assertIn(EVIL, browser.value("document.querySelector('.card .site').textContent"))
        labels = browser.value("[...document.querySelectorAll('.flame-graph g')]"
                               ".map((g) => g.getAttribute('aria-label')).join('\\n')")
        for name in (EVIL, "handle<!--<script>", "javascript:alert(3)", "broken \\xff\\xfe utf8"):
            self.assertIn(name, labels)
        self.assertEqual(browser.value("document.querySelectorAll('img').length"), 0)
        self.assertEqual(browser.value("document.scripts.length"), 3)
        self.check_quiet(browser)

    def test_findings_chart_flame_graph_and_honesty_are_drawn(self):
        browser = self.open_report("hostile")
        self.assertGreater(browser.value("document.querySelectorAll('.card.leak').length"), 0)
        self.assertGreater(browser.value("document.querySelectorAll('.stack li').length"), 0)
        self.assertEqual(browser.value("document.querySelectorAll('.chart canvas').length"), 1)
        legend = browser.value("document.querySelector('.u-legend').textContent")
        self.assertIn("RSS", legend)
        self.assertIn("MB", legend)
        self.assertGreater(self.frames(), 5)
        self.assertIn("detection limit", browser.value(
            "document.querySelector('#honesty').parentElement.textContent"))
        order = browser.value("[...document.querySelectorAll('h2')].map((h) => h.id)")
        self.assertEqual(order[0], "findings")
        self.check_quiet(browser)

    def test_views_differ_and_shrinking_is_shown(self):
        browser = self.open_report("hostile")
        colors = {}
        for key in ("growth", "live", "allocated"):
            browser.value(f"document.querySelector('input[value={key}]').click()")
            frame = ("[...document.querySelectorAll('.flame-graph g')].find((g) => "
                     "g.getAttribute('aria-label').startsWith('Cache::put'))")
            colors[key] = (browser.value(f"{frame}.querySelector('rect').getAttribute('fill')"),
                           browser.value(f"Number({frame}.querySelector('rect').getAttribute('width'))"))
        self.assertIn("hsl(215", colors["growth"][0])  # blue: the cache shrank
        widths = {width for _, width in colors.values()}
        self.assertEqual(len(widths), 3, colors)
        self.assertGreater(min(widths), 50)  # drawn at once, not grown by and by
        self.check_quiet(browser)

    def test_search_works_by_keyboard(self):
        browser = self.open_report("hostile")
        browser.key("/")
        self.assertEqual(browser.value("document.activeElement.id"), "flame-search")
        browser.type("ONERROR")
        status = browser.value("document.querySelector('.flame-status').textContent")
        self.assertTrue(status.startswith("1 match, "), status)
        self.assertEqual(browser.value("document.querySelectorAll('g.found').length"), 1)
        browser.key("Enter")
        self.assertEqual(self.top(), EVIL)
        browser.key("Escape")
        self.assertEqual(browser.value("document.querySelectorAll('g.found').length"), 0)
        browser.type("[no such thing(")
        self.assertEqual(browser.value("document.querySelector('.flame-status').textContent"),
                         "no match")
        self.check_quiet(browser)

    def test_zoom_works_by_keyboard(self):
        browser = self.open_report("hostile")
        browser.value("document.querySelector('.flame-graph g[tabindex=\"0\"]').focus()")
        self.assertTrue(self.focused().startswith("all memory"))
        browser.key("ArrowDown")
        first = self.focused()
        self.assertFalse(first.startswith("all memory"))
        browser.key("ArrowRight")
        self.assertNotEqual(self.focused(), first)
        browser.key("ArrowLeft")
        self.assertEqual(self.focused(), first)
        browser.key("Enter")
        self.assertEqual(self.top(), first.split(" · ")[0])
        self.assertEqual(self.focused(), first)
        browser.key("Backspace")
        self.assertEqual(self.top(), "all memory")
        browser.key("ArrowDown")
        browser.key("Enter")
        browser.key("Escape")
        self.assertEqual(self.top(), "all memory")
        self.check_quiet(browser)

    def test_a_click_zooms_and_a_finding_leads_to_its_frames(self):
        browser = self.open_report("hostile")
        browser.value("[...document.querySelectorAll('.flame-graph g')].pop()"
                      ".dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        self.assertNotEqual(self.top(), "all memory")
        browser.value("document.querySelector('.card-body button').click()")
        self.assertGreater(browser.value("document.querySelectorAll('g.marked').length"), 0)
        self.assertIn("finding 1", browser.value(
            "document.querySelector('.finding-note').textContent"))
        self.check_quiet(browser)

    def test_dark_mode_and_a_narrow_window_redraw(self):
        browser = self.open_report("hostile")
        light = browser.value("getComputedStyle(document.body).backgroundColor")
        browser.emulate(390, 800, dark=True)
        dark = browser.value("getComputedStyle(document.body).backgroundColor")
        self.assertNotEqual(light, dark)
        browser.wait_for("document.querySelector('.flame-graph svg').clientWidth < 390",
                         "the flame graph to become narrow")
        self.assertLessEqual(browser.value("document.documentElement.scrollWidth"), 390)
        self.check_quiet(browser)

    def choose(self, group, value):
        self.browser.value(f"document.querySelector('input[name={group}][value={value}]').click()")

    def labels(self):
        return self.browser.value("[...document.querySelectorAll('.flame-graph g')]"
                                  ".map((g) => g.getAttribute('aria-label').split(' · ')[0])")

    def test_every_heap_is_in_the_chart_and_others_code_is_folded(self):
        browser = self.open_report("mixed")
        legend = browser.value("document.querySelector('.u-legend').textContent")
        self.assertIn("1 remember", legend)
        self.assertIn("other JavaScript in use", legend)
        self.assertIn("other native in use", legend)
        self.assertEqual(browser.value("document.querySelector('input[name=view]:checked').value"),
                         "growth")
        self.choose("view", "live")
        self.assertEqual([name for name in self.labels() if name in ("listOnTimeout", "uv_run")], [])
        self.assertIn("(code of others)", self.labels())
        whole = browser.value("document.querySelector('.flame-details').textContent")
        for code in ("runtime", "native"):
            self.choose("frames", code)
        self.assertIn("listOnTimeout", self.labels())
        self.assertIn("uv_run", self.labels())
        self.assertEqual(browser.value("document.querySelector('.flame-details').textContent"), whole)
        self.check_quiet(browser)

    def test_a_healthy_run_opens_on_what_is_in_use(self):
        browser = self.open_report("healthy")
        self.assertEqual(browser.value("document.querySelector('input[name=view]:checked').value"),
                         "live")
        self.assertIn("Cache::put", self.labels())
        self.choose("view", "freed")
        self.assertIn("5 MB in use · 10 MB allocated", browser.value(
            "document.querySelector('.flame-details').textContent"))
        self.check_quiet(browser)

    def test_sizes_of_blocks_are_told(self):
        browser = self.open_report("mixed")
        rows = browser.value("[...document.querySelectorAll('.sizes tbody tr')].map((row) => "
                             "[...row.children].map((cell) => cell.textContent))")
        self.assertTrue(rows)
        for row in rows:
            self.assertRegex(row[0], r"^\d+ ([KMG]i)?B$")
        data = browser.value("JSON.parse(document.getElementById('silt-data').textContent).sizes")
        self.assertEqual([row["from"] for row in data],
                         [data[0]["from"] << step for step in range(len(data))])
        self.check_quiet(browser)

    def test_functions_have_callers_and_callees(self):
        browser = self.open_report("hostile")
        self.choose("shape", "functions")
        browser.value("[...document.querySelectorAll('.functions td.function button')]"
                      ".find((b) => b.textContent.startsWith('handle')).click()")
        open_row = browser.value("document.querySelector('.functions td.open').textContent")
        self.assertRegex(open_row, r'Called by.*main & "friends".*Calls.*onerror')
        self.choose("shape", "callees")
        # From the inside out: the function that allocates stands below the root, its caller below it.
        levels = browser.value("Object.fromEntries([...document.querySelectorAll('.flame-graph g')]"
            ".map((g) => [g.getAttribute('aria-label').split(' · ')[0], g.getAttribute('aria-level')]))")
        self.assertEqual(levels[EVIL], "2")
        self.assertEqual(levels["handle<!--<script>"], "3")
        self.check_quiet(browser)

    def test_the_address_brings_back_what_was_looked_at(self):
        browser = self.open_report("hostile")
        address = "(decodeURIComponent(location.hash))"
        self.assertEqual(browser.value(address), "")
        self.choose("view", "live")
        self.choose("unit", "blocks")
        browser.key("/")
        browser.type("onerror")
        browser.key("Enter")
        shown = browser.value("document.querySelector('.flame-details').textContent")
        self.assertEqual(self.top(), EVIL)
        link = browser.value("location.hash")
        self.assertRegex(link, r"^#view=live&unit=blocks&search=onerror&zoom=[\d.]+$")
        page = os.path.join(self.folder, "hostile.html")
        browser.open(os.path.join(self.folder, "hostile.html?again") + link)
        self.assertEqual(self.top(), EVIL)
        self.assertEqual(browser.value("document.querySelector('.flame-details').textContent"), shown)
        self.assertEqual(browser.value("document.querySelector('#flame-search').value"), "onerror")
        # Whatever an address holds, the page opens.
        browser.open(page + "#view=x&unit=%00&zoom=1.-7.NaN.99999999&frames=,&from=9e9&to=-1&function=1e9")
        self.assertEqual(self.top(), "all memory")
        browser.value("document.getElementById('finding-1').open = false")
        browser.value("location.hash = '#finding-1'")
        browser.wait_for("document.getElementById('finding-1').open", "the card of a link to open")
        self.assertEqual(browser.complaints, [])

    def test_a_chosen_time_counts_growth_anew(self):
        browser = self.open_report("mixed")
        all_memory = "document.querySelector('.flame-details').textContent"
        self.assertIn("+36 MB growth · 42 MB in use", browser.value(all_memory))
        choose = ("((select, value) => {{ select.value = value; select.dispatchEvent(new Event('change')); }})"
                  "(document.querySelectorAll('.range select')[{}], '{}')")
        browser.value(choose.format(1, 4))
        browser.value(choose.format(0, 2))
        self.assertIn("+4 MB growth · 12 MB in use", browser.value(all_memory))
        self.assertEqual(browser.value("document.querySelector('.card .in-range').textContent"),
                         "from 120.0 s to 240.0 s: +4 MB, +120 MB/h")
        self.assertEqual(browser.value("location.hash"), "#from=2&to=4")
        browser.value("document.querySelector('.range button').click()")
        self.assertIn("+36 MB growth", browser.value(all_memory))
        self.assertEqual(browser.value("document.querySelector('.card .in-range').textContent"), "")
        self.check_quiet(browser)

    @unittest.skipUnless(os.path.exists(AXE), "not installed: axe-core")
    def test_everybody_can_use_the_page(self):
        browser = self.open_report("mixed")
        with open(AXE, encoding="utf-8") as file:
            browser.value(file.read() + ";0")
        browser.value("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
        for shape, width, dark in [("callers", 1280, False), ("callers", 390, True),
                                   ("functions", 1280, True)]:
            self.choose("shape", shape)
            browser.emulate(width, 900, dark)
            found = browser.value("axe.run().then((r) => r.violations.map((v) => "
                                  "`${v.id}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' ')}`))")
            self.assertEqual(found, [], f"{shape}, {width} pixels, {'dark' if dark else 'light'}")
        self.check_quiet(browser)

    @unittest.skipUnless("SILT_TEST_LONG" in os.environ, "for scripts/test_long")
    def test_fifty_thousand_stacks_open_quickly(self):
        browser = self.open_report("large")
        print(f"# 50,000 stacks: drawn after {self.ready} ms, "
              f"{os.path.getsize(os.path.join(self.folder, 'large.html')) / 1e6:.1f} MB")
        self.assertGreater(self.frames(), 100)
        browser.key("/")
        browser.type("component29::Widget<42>")
        browser.key("Enter")
        self.assertIn("component29::Widget<42>", self.top())
        self.check_quiet(browser)


if __name__ == "__main__":
    harness.main()
