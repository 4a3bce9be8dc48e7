// chain: several launches, one after the other, in one. A launch that depends on the one before it begins with sleeping
// processors; what runs here never lets them sleep.
//
// The text before this one, made when the chain is, has the kernels as functions and the macros
//   CHAIN_ARGUMENTS  the buffers and scalars of all launches, each followed by a comma
//   CHAIN_COUNT      how many launches there are
//   CHAIN_TILES      for each launch, how many tiles it has
//   CHAIN_NEEDS      for each launch, those whose results it reads or whose memory it takes over, and -1 behind them
//   CHAIN_LAUNCHES   a case for each launch, which runs tile number `tile` of it
//   CHAIN_PATIENCE   looks at a launch that is not yet over
//   CHAIN_SHARES     into how many shares the tiles of a launch are divided
// state [CHAIN_APART*(1+launches*(1+CHAIN_SHARES))]: zeros before the first run. Runs so far and groups that have left this one;
// then for each launch, CHAIN_APART elements apart, tiles done and tiles taken of each share. They go on counting from run to
// run, past the largest number too.
//
// A work-group (of one work-item, about one for each processor) goes from launch to launch. It waits for those that this one
// needs and takes tiles of its own share, then what is left of the others', so that results depend neither on how many groups
// there are nor on which of them computes what. Shares are taken and counted apart because a line that two processors write in
// turns takes up to half a microsecond to change hands, and neighbouring tiles of the next launch mostly read what the same
// processor wrote. A group never waits for good: when its patience is over it leaves the rest to those that still compute, since
// what it waited for is theirs. That holds on a device that runs its groups one by one, too.

__constant int chain_tiles[] = {CHAIN_TILES};
__constant int chain_needs[] = {CHAIN_NEEDS};

#define CHAIN_DONE(launch) (state + CHAIN_APART * (1 + (launch) * (1 + CHAIN_SHARES)))
#define CHAIN_TAKEN(launch, share) (CHAIN_DONE(launch) + CHAIN_APART * (1 + (share)))

__kernel void chain_run(CHAIN_ARGUMENTS __global uint *memory) {
  volatile __global atomic_uint *state = (volatile __global atomic_uint *)memory;
  const uint runs = atomic_load_explicit(state, memory_order_relaxed, memory_scope_device);
  const int own = (int)(get_group_id(0) * CHAIN_SHARES / get_num_groups(0));
  for (int launch = 0, need = 0; launch < CHAIN_COUNT; launch++, need++) {
    // What was over once need not be looked at again.
    int looks = 0;
    for (; chain_needs[need] >= 0; need++) {
      const int before = chain_needs[need];
      const uint over = (runs + 1) * chain_tiles[before];
      for (looks = 0; looks < CHAIN_PATIENCE; looks++)
        if (atomic_load_explicit(CHAIN_DONE(before), memory_order_acquire, memory_scope_device) == over)
          break;
      if (looks == CHAIN_PATIENCE)
        break;
    }
    if (looks == CHAIN_PATIENCE)
      break;
    uint done = 0;
    for (int i = 0; i < CHAIN_SHARES; i++) {
      const int share = (own + i) % CHAIN_SHARES, begin = chain_tiles[launch] * share / CHAIN_SHARES;
      const uint tiles = chain_tiles[launch] * (share + 1) / CHAIN_SHARES - begin;
      uint taken = atomic_load_explicit(CHAIN_TAKEN(launch, share), memory_order_relaxed, memory_scope_device);
      while (taken - runs * tiles < tiles) {
        if (!atomic_compare_exchange_strong_explicit(CHAIN_TAKEN(launch, share), &taken, taken + 1, memory_order_relaxed,
                                                     memory_order_relaxed, memory_scope_device))
          continue;
        const int tile = begin + (int)(taken - runs * tiles);
        switch (launch) { CHAIN_LAUNCHES }
        taken++;
        done++;
      }
    }
    if (done > 0)
      atomic_fetch_add_explicit(CHAIN_DONE(launch), done, memory_order_release, memory_scope_device);
  }
  if (atomic_fetch_add_explicit(state + 1, 1, memory_order_acq_rel, memory_scope_device) == get_num_groups(0) - 1) {
    atomic_store_explicit(state + 1, 0, memory_order_relaxed, memory_scope_device);
    atomic_store_explicit(state, runs + 1, memory_order_relaxed, memory_scope_device);
  }
}
