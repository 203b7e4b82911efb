"""What the pages show, as plain values: nothing here knows Streamlit, so all of it is tested by tables."""
