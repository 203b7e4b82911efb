"""For plugin authors and demonstrations: pretended outside systems and a clock moved by hand."""
