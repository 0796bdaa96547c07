package leadstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/operadora/operadora/orchestrator/records"
)

// tally is a count that is kept in a table of its own.
type tally struct {
	table, from string
	keys, sums  []string // columns of the table
	of          string   // what gives them, of rows of from
	where       string   // of those that count
}

// The counts. Hours are of when attempts were begun; the ledger has periods of five minutes,
// pacing.LedgerPeriod.
var (
	kept   = tally{"lead_counts", "leads", []string{"list"}, []string{"leads"}, "list, COUNT(*)", ""}
	stands = tally{"campaign_stands", "campaign_leads", []string{"campaign", "list", "state", "reason"}, []string{"leads", "called"}, "campaign, list, state, reason, COUNT(*), SUM(called)", ""}
	hours  = tally{"campaign_hours", "campaign_attempts", []string{"campaign", "hour", "list", "result", "disposition", "heard", "machine", "sampled", "talked"}, []string{"attempts", "answered", "abandoned"},
		"campaign, planned_at / 3600000, list, result, disposition, heard, machine, sampled, CASE WHEN connected_at > 0 THEN 1 ELSE 0 END, COUNT(*), SUM(CASE WHEN answered_at > 0 THEN 1 ELSE 0 END), SUM(abandoned)", ""}
	ledger = tally{"campaign_ledger", "campaign_attempts", []string{"campaign", "period"}, []string{"answered", "abandoned"},
		"campaign, answered_at / 300000, COUNT(*), SUM(abandoned)", " AND state = 'ended' AND answered_at > 0 AND result <> 'machine'"}
)

// some are rows whose counts may change.
type some struct {
	tallies []tally
	where   string
	args    []any
}

func ofCalls(calls []any) some {
	return some{[]tally{hours, ledger}, "call IN (" + records.Marks(len(calls)) + ")", calls}
}

func ofLeads(leads []any) some {
	return some{[]tally{stands}, "lead IN (" + records.Marks(len(leads)) + ")", leads}
}

// ofLists are leads as their lists have them.
func ofLists(which string, args []any) some { return some{[]tally{kept}, "id " + which, args} }

// ofLeadsOf are the leads of calls.
func ofLeadsOf(calls []any) some {
	return some{[]tally{stands}, "lead IN (SELECT lead FROM campaign_attempts WHERE call IN (" + records.Marks(len(calls)) + "))", calls}
}

// beside has a transaction that changes what is counted wait for whoever dials, and the
// dialer for it: counts are right only one after the other.
func beside(ctx context.Context, tx *records.Tx) error {
	_, err := tx.Exec(ctx, "UPDATE campaign_dialer SET term = term WHERE one = 1")
	return err
}

// counting changes rows, and their counts with them; the transaction is one of the dialer's,
// or beside it, unless it adds rows that nobody else knows of.
func counting(ctx context.Context, tx *records.Tx, of some, change func() error) error {
	if len(of.args) == 0 {
		return change()
	}
	grown := make([]map[string][]any, len(of.tallies)) // keys, then by how much
	add := func(sign int64) error {
		for i, t := range of.tallies {
			if grown[i] == nil {
				grown[i] = map[string][]any{}
			}
			if err := t.count(ctx, tx, of, sign, grown[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(-1); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	if err := add(1); err != nil {
		return err
	}
	for i, t := range of.tallies {
		if err := t.grow(ctx, tx, grown[i]); err != nil {
			return err
		}
	}
	return nil
}

// count adds what some rows count, or takes it away.
func (t tally) count(ctx context.Context, q querier, of some, sign int64, into map[string][]any) error {
	by := make([]string, len(t.keys))
	for i := range by {
		by[i] = fmt.Sprint(i + 1)
	}
	return q.Query(ctx, func(r *sql.Rows) error {
		row := make([]any, len(t.keys)+len(t.sums))
		to := make([]any, len(row))
		sums := make([]int64, len(t.sums))
		for i := range to {
			if to[i] = &row[i]; i >= len(t.keys) {
				to[i] = &sums[i-len(t.keys)]
			}
		}
		if err := r.Scan(to...); err != nil {
			return err
		}
		key := fmt.Sprintf("%#v", row[:len(t.keys)])
		before := into[key]
		for i, n := range sums {
			if n *= sign; before != nil {
				n += before[len(t.keys)+i].(int64)
			}
			row[len(t.keys)+i] = n
		}
		into[key] = row
		return nil
	}, "SELECT "+t.of+" FROM "+t.from+" WHERE "+of.where+t.where+" GROUP BY "+strings.Join(by, ", "), of.args...)
}

// grow writes by how much counts have grown.
func (t tally) grow(ctx context.Context, tx *records.Tx, by map[string][]any) error {
	var rows [][]any
	for _, row := range by {
		for _, n := range row[len(t.keys):] {
			if n != int64(0) {
				rows = append(rows, row)
				break
			}
		}
	}
	set := make([]string, len(t.sums))
	for i, c := range t.sums {
		set[i] = c + " = " + t.table + "." + c + " + excluded." + c
	}
	keys := strings.Join(t.keys, ", ")
	_, err := tx.Insert(ctx, t.table, keys+", "+strings.Join(t.sums, ", "), "ON CONFLICT ("+keys+") DO UPDATE SET "+strings.Join(set, ", "), rows)
	return err
}
