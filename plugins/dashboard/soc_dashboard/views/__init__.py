"""The pages: each draws what `rows` shaped and hands what people do to the house.

They are not called `pages`: next to its script, Streamlit takes a folder of that name for something of its own.
"""
