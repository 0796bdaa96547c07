// Package lab starts the real parts that tests, benches and the demo run on,
// each private to its user and bound to loopback: an Asterisk with a generated
// configuration, a redis-server, SIPp, and telephones driven from Go.
//
// The programs come from the folder that `make setup` builds (see setup.sh);
// Dir finds it. Several instances of everything run side by side on one
// machine, in one process or in many. What the package starts ends with the
// process that started it, killed or not, unless its options say otherwise.
//
// The package is a leaf: of operadora it imports only dialplans, whose files
// its Asterisk includes, so that what is tested is what is printed. Its methods
// are safe for concurrent use unless they say otherwise.
package lab
