// Package flowfile reads what an administrator writes for package ivr: flows,
// calendars and dialled numbers in YAML. Their shapes, with what each key is for
// and may be, are in shape.go and are read by orchestrator/yamlfile. A reference to
// nothing is a fault with file, line, column and node too, and all of them are
// reported at once, each cause once.
//
// Load reads a whole folder's worth and vouches for what it returns: a set
// with an E fault must not be used. It opens no files and talks to nobody;
// what exists elsewhere (queues, sounds on the PBX) is asked through Known.
//
// The format is described for people in ivr/README.md, whose examples a test reads.
package flowfile
