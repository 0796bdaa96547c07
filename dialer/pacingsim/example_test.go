package pacingsim_test

import (
	"context"
	"fmt"

	"github.com/operadora/operadora/dialer/pacingsim"
)

func Example() {
	world, err := pacingsim.Parse("mine.yaml", []byte(`
name: mine
about: Ten agents and a list of which a fifth answers.
hours: 2
warm_up: 1800
agents:
  count: 10
  wrap: {kind: lognormal, mean: 20, cv: 0.6}
campaigns:
  - name: main
    limit: 0.03
    answer: {const: 0.2}
    answer_delay: {kind: gamma, shape: 3, mean: 8.5, shift: 1.5}
    talk: {kind: lognormal, mean: 120, cv: 1}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	factory, err := pacingsim.Find(pacingsim.Algorithms(), "operadora")
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := pacingsim.Run(context.Background(), pacingsim.Options{
		World: world, Algorithm: "operadora", Factory: factory, Seeds: 2, FirstSeed: 1, Workers: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("seeds over the limit:", result.SeedsOverLimit)
	fmt.Println("agents busy for more than three quarters:", result.UtilisationMean > 0.75)
	// Output:
	// seeds over the limit: 0
	// agents busy for more than three quarters: true
}
