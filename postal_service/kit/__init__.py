"""Small tools every room may use. Imports nothing of ours."""
