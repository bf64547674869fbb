"""What a citizen may see, at once and live; the receiver's choices live here too."""
