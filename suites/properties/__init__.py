"""Properties: what goes in at one end of a server comes out at the other, whatever it is."""

#: Where this suite stands among the others in lists and reports.
ORDER = 11
