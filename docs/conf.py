"""How the site is built: `make docs`. The pages are the same Markdown that a code host shows."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "soc-core"
author = "The soc-core maintainers"
version = release = installed("soc-core")
language = "en"

extensions = ["myst_parser", "reference"]
exclude_patterns = ["_ext", "examples/*/tests", "examples/*/.*", "**/__pycache__"]
smartquotes = False  # log text and settings are shown as they are typed
myst_heading_anchors = 3
pygments_style = "friendly"
pygments_dark_style = "native"

html_theme = "furo"
html_title = "soc-core"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5c73", "color-brand-content": "#0b5c73"},
    "dark_css_variables": {"color-brand-primary": "#5cc3de", "color-brand-content": "#5cc3de"},
}
