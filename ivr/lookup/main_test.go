package lookup_test

import (
	"os"
	"testing"

	"github.com/operadora/operadora/orchestrator/records/pgtest"
)

// cluster is a private PostgreSQL of this test run; nil when no server is installed.
var cluster *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, &cluster)) }
