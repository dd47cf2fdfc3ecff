"""The receiving end: collector, inbox, projections, trace and the plain page."""
