"""The program shown at work: a simulated carrier, a portal that files requests, an agency that deals with them."""
