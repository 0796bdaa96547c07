// Package flowfile reads what an administrator writes for package ivr: flows,
// calendars and dialled numbers in YAML. It is strict: an unknown key, a value
// of the wrong kind and a reference to nothing are faults with file, line,
// column and node, and all of them are reported at once.
//
// Load reads a whole folder's worth and vouches for what it returns: a set
// with an E fault is not returned. It opens no files and talks to nobody; what
// exists elsewhere (queues, sounds on the PBX) is asked through Known.
package flowfile
