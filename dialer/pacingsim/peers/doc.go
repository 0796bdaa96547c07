// Package peers holds the pacing algorithms of other dialers, written from their
// published behaviour so that operadora's pacer can be judged against them on the
// same simulated days. Each says where its behaviour is published and which of
// its settings can be given; what a peer does badly is reproduced, not mended,
// and where the publication leaves a choice the kinder one is taken.
//
// Two things favour every peer alike: the simulator's own distributor gives an
// answered call to the longest idle agent at once (VICIdial polls four times a
// second, Asterisk's queue once), and its news of agents and calls is as prompt
// as a world's control plane allows, without a database in between.
//
// These dialers assign each agent to one campaign. Where a world's campaigns
// share their agents, each campaign reckons with its share of them.
//
// Names are as users give them, such as "vicidial-ratio:level=3.4,availonly=1";
// Algorithms lists them, and Tune finds the best setting of a family of them
// under the abandon limit.
package peers
