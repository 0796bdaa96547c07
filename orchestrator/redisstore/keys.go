package redisstore

// keys names every key of a tenant. All share the hash tag {tenant}, so that
// each script touches one slot of a Redis Cluster.
type keys struct{ prefix string }

func keysOf(tenant string) keys { return keys{prefix: "op:{" + tenant + "}:"} }

// JournalKey is the stream of all journal entries of a tenant; its entries have
// the fields of JournalFields. Every script that changes something worth
// telling appends to it (JournalLua). No expiry: the recorders trim it with
// Store.Trim once the entries are on record.
func JournalKey(tenant string) string { return keysOf(tenant).journal() }

func (k keys) journal() string { return k.prefix + "journal" }

// journalReaders is a hash with how far each reader of the journal has put it on
// record: field the reader, value "<id> <unix ms>". Written by journal_trim,
// which also deletes those unheard of for ReaderForgotten.
func (k keys) journalReaders() string { return k.prefix + "journal:readers" }

// call is a hash with a call, or the session of a permanent line: rev (its
// revision), holder (which process stored it) and doc (its JSON). Written by
// call_commit. A live one has no expiry: the process that drives its PBX ends it.
// An ended one expires after an hour: then its record is all there is.
func (k keys) call(id string) string { return k.prefix + "call:" + id }

// claim is a text: what a key that somebody chose stands for. Written by
// claim_take, expires after claimKept.
func (k keys) claim(key string) string { return k.prefix + "claim:" + key }

// orders is a list of what the process that drives a PBX is to do for others, the
// oldest first: "<id> <asker> <order>". Pushed by order_put; who drives the PBX takes one
// out, and who gave it takes it out again when nobody did in time. It expires orderKept
// after the last one.
func (k keys) orders(pbx string) string { return k.prefix + "orders:" + pbx }

// order is a text: an order of this id was given. Written by order_put, so that one
// that is sent twice is given once; expires after orderKept.
func (k keys) order(id string) string { return k.prefix + "order:" + id }

// wanted is a text: an order of this id is to be carried out still. Written by order_put;
// of who would carry it out and who would take it back, whoever deletes it does. It
// expires with the time of who gave it, who may be dead.
func (k keys) wanted(id string) string { return k.prefix + "wanted:" + id }

// answers is a list with the answers to the orders of one process: "<id> <answer>".
// Expires orderKept after the last one.
func (k keys) answers(asker string) string { return k.prefix + "answers:" + asker }

// callbacks is a hash with the customers who are to be called back: "<queue>
// <number>" -> id of the call that does so. A field enters it with callback_claim
// and leaves with callback_forget, at the end of that call; one that the store had
// forgotten to take out is taken over by the next promise. No expiry.
func (k keys) callbacks() string { return k.prefix + "callbacks" }

// generation is a hash with which files of definitions are in force: n, files (names and
// hashes, as JSON), by, at (unix ms). Written by generation_put. No expiry: one small key.
func (k keys) generation() string { return k.prefix + "generation" }

// present is a set of the processes that run, and of those that did until somebody asked. No
// expiry: one that starts beside others takes out those that are gone.
func (k keys) present() string { return k.prefix + "present" }

// presence is a text, always empty: a process runs. Expires with its sign of life.
func (k keys) presence(holder string) string { return k.prefix + "present:" + holder }

// live is a sorted set of the live calls of a PBX by their earliest deadline
// in unix ms. A call enters and leaves it with call_commit; no expiry.
func (k keys) live(pbx string) string { return k.prefix + "live:" + pbx }

// came is a list of the channels on which calls of a PBX came in, the last first.
// Written by call_commit, which keeps a thousand of them: a burst of seconds is enough, for who asks wants to
// know whether the last callers of the process before were heard. No expiry.
func (k keys) came(pbx string) string { return k.prefix + "came:" + pbx }

// lease is a hash with who drives a PBX: instance, holder, epoch. Written by
// lease_acquire, expires with the lease.
func (k keys) lease(pbx string) string { return k.prefix + "lease:" + pbx }

// epoch is a hash with the last epoch given for a PBX and its holder (instance
// and process; "" once it was given back). Written by lease_acquire,
// lease_release and, where Redis lost it, by call_commit. No expiry, so that
// epochs grow for ever: two small fields for each PBX there ever was.
func (k keys) epoch(pbx string) string { return k.prefix + "epoch:" + pbx }
