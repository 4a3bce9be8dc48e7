// chain: several launches, one after the other, in one. A launch that depends on the one before it begins with sleeping
// processors; what runs here never lets them sleep.
//
// The text before this one, made when the chain is, has the kernels as functions and the macros
//   CHAIN_ARGUMENTS  the buffers and scalars of all launches, each followed by a comma
//   CHAIN_COUNT      how many launches there are
//   CHAIN_ENDS       for each launch, how many tiles it and those before it have
//   CHAIN_NEEDS      for each launch, those whose results it reads or whose memory it takes over, and -1 behind them
//   CHAIN_TILES      how many tiles there are
//   CHAIN_LAUNCHES   a case for each launch, which runs tile number `tile - begin` of it
//   CHAIN_PATIENCE   looks at a launch that is not yet over
// state [CHAIN_APART*(2+launches)]: zeros before the first run and after each; tiles taken, groups that have left, and tiles
// done of each launch, CHAIN_APART elements apart.
//
// A work-group (of one work-item, about one for each processor) takes the next tile when the launches that this needs are
// over, so that results depend neither on how many groups there are nor on which of them computes what. A group never waits
// for good: when its patience is over it leaves the rest to those that still compute, since what it waited for is theirs.
// That holds on a device that runs its groups one by one, too. The last group to leave clears the state.

__constant int chain_ends[] = {CHAIN_ENDS};
__constant int chain_needs[] = {CHAIN_NEEDS};

#define CHAIN_DONE(launch) (state + CHAIN_APART * (2 + (launch)))

__kernel void chain_run(CHAIN_ARGUMENTS __global int *memory) {
  volatile __global atomic_int *state = (volatile __global atomic_int *)memory;
  int launch = 0, need = 0, looks = 0;
  for (;;) {
    int tile = atomic_load_explicit(state, memory_order_relaxed, memory_scope_device);
    if (tile >= CHAIN_TILES)
      break;
    while (tile >= chain_ends[launch]) {
      while (chain_needs[need] >= 0)
        need++;
      need++;
      launch++;
    }
    // What was over once need not be looked at again.
    for (; chain_needs[need] >= 0; need++) {
      const int before = chain_needs[need], tiles = chain_ends[before] - (before == 0 ? 0 : chain_ends[before - 1]);
      for (looks = 0; looks < CHAIN_PATIENCE; looks++)
        if (atomic_load_explicit(CHAIN_DONE(before), memory_order_acquire, memory_scope_device) == tiles)
          break;
      if (looks == CHAIN_PATIENCE)
        break;
    }
    if (looks == CHAIN_PATIENCE)
      break;
    if (!atomic_compare_exchange_strong_explicit(state, &tile, tile + 1, memory_order_relaxed, memory_order_relaxed,
                                                 memory_scope_device))
      continue;
    const int begin = launch == 0 ? 0 : chain_ends[launch - 1];
    switch (launch) { CHAIN_LAUNCHES }
    atomic_fetch_add_explicit(CHAIN_DONE(launch), 1, memory_order_release, memory_scope_device);
  }
  if (atomic_fetch_add_explicit(state + CHAIN_APART, 1, memory_order_acq_rel, memory_scope_device) ==
      (int)get_num_groups(0) - 1) {
    for (int i = 0; i < 2 + CHAIN_COUNT; i++)
      atomic_store_explicit(state + CHAIN_APART * i, 0, memory_order_relaxed, memory_scope_device);
  }
}
