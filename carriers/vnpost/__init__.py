"""VNPost (MyVNPost partner API): see README.md for sources and open questions."""
