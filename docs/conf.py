# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How docs/build-html turns the pages into HTML."""

import re
from pathlib import Path

project = "netiso.portmap"
copyright = "2026 netiso.portmap contributors"  # noqa: A001
title = "netiso.portmap"
html_short_title = "netiso.portmap"
extensions = ["sphinx.ext.autodoc", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_rtd_theme"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_show_sphinx = False
html_copy_source = False
display_version = False
html_use_smartypants = True
html_use_modindex = False
html_use_index = False
nitpicky = True
default_role = "any"

# As long as galaxy.yml names no real home, a button that leads there is worse than none.
LINKS = re.compile(
    r"(Collection links\n~+\n\n)?\.\. ansible-links::\n\n(  .*\n)*?.*example\.org.*\n(  .*\n)*"
)


# Photographs need a browser, which not every machine has that builds the pages.
PHOTOGRAPHS = re.compile(r"\.\. image:: /(pictures/picture-[a-z-]+\.png)\n(   .*\n)*")


def leave_out_placeholders(app, name, source):
    source[0] = LINKS.sub("", source[0])


def leave_out_photographs(app, name, source):
    def left(found):
        return found[0] if (Path(app.srcdir) / found[1]).exists() else ""

    source[0] = PHOTOGRAPHS.sub(left, source[0])


def setup(app):
    app.connect("source-read", leave_out_placeholders)
    app.connect("source-read", leave_out_photographs)
