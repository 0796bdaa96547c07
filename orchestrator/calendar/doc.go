// Package calendar says what hours are: of the days of the week, of holidays, of the
// public holidays of a country, and on whose clocks. It is the one calendar of
// operadora: of flows and queues (calendars.yaml), of the gate, of lists and of the
// rules by which people may be called.
//
// Times are those on the wall clock, so a change to summer time moves nothing: an
// hour that a day does not have is not open, one that it has twice is open twice.
//
// It is a leaf: it imports nothing of operadora, knows no clock, and may be used from
// any goroutine.
package calendar
