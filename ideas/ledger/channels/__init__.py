"""The ways by which people hear: what a delivery looks like there."""
