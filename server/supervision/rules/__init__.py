"""Pure decisions of supervision: what a sitting looked like at a moment, and whether its marks
hold.
"""
