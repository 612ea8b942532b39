/*
 * Stand-in for a header that libfreeradius-dev 3.2.1 includes but does not ship: nothing from it is needed.
 */
