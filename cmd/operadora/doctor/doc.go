// Package doctor examines everything that operadora stands on, and says of each
// thing whether it is well and, where it is not, what to do.
//
// Each part is examined by a probe that collects facts (it talks to the PBX, to
// Redis, to the database, to the API's port) and judged by a pure function from
// facts to Lines. Run does both for a whole Site in a fixed order.
//
// What Lines say is said in Spanish, too (spanish.txt); a test finds what is missing there.
//
// It disturbs nobody: it uses an application name of its own on the PBX, opens
// few connections where operadora is connected already, and takes no lease. It
// leaves nothing behind but what `operadora serve` would make itself: the tables
// of the records database.
package doctor
