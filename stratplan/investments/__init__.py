"""The investment plan: lines, amounts, whose money pays, and the sums made of them."""
