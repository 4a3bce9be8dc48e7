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
//   CHAIN_SCALARS    declares what is passed anew for each of several runs, for run number `turn`
//   CHAIN_ENDS       the launches that none after them waits for, and -1 behind them
//
// One launch of this may be several runs, turn by turn: a run begins when all of the one before is over.
//
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
__constant int chain_ends[] = {CHAIN_ENDS};

#define CHAIN_DONE(launch) (state + CHAIN_APART * (1 + (launch) * (1 + CHAIN_SHARES)))
#define CHAIN_TAKEN(launch, share) (CHAIN_DONE(launch) + CHAIN_APART * (1 + (share)))

// Whether all in the list are over for so many runs, before patience is; advances behind the list's -1 when they are.
inline bool chain_await(volatile __global atomic_uint *state, __constant const int *list, int *at, uint runs) {
  for (; list[*at] >= 0; (*at)++) {
    const uint over = runs * chain_tiles[list[*at]];
    int looks = 0;
    // More is done when others are turns ahead.
    while ((int)(atomic_load_explicit(CHAIN_DONE(list[*at]), memory_order_acquire, memory_scope_device) - over) < 0)
      if (++looks == CHAIN_PATIENCE)
        return false;
  }
  (*at)++;
  return true;
}

__kernel void chain_run(CHAIN_ARGUMENTS int turns, __global uint *memory) {
  volatile __global atomic_uint *state = (volatile __global atomic_uint *)memory;
  const uint before = atomic_load_explicit(state, memory_order_relaxed, memory_scope_device);
  const int own = (int)(get_group_id(0) * CHAIN_SHARES / get_num_groups(0));
  bool patient = true;
  for (int turn = 0; turn < turns && patient; turn++) {
    CHAIN_SCALARS
    const uint runs = before + turn;
    int end = 0, need = 0;
    // What was over once need not be looked at again.
    patient = turn == 0 || chain_await(state, chain_ends, &end, runs);
    for (int launch = 0; launch < CHAIN_COUNT && patient; launch++) {
      patient = chain_await(state, chain_needs, &need, runs + 1);
      if (!patient)
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
  }
  if (atomic_fetch_add_explicit(state + 1, 1, memory_order_acq_rel, memory_scope_device) == get_num_groups(0) - 1) {
    atomic_store_explicit(state + 1, 0, memory_order_relaxed, memory_scope_device);
    atomic_store_explicit(state, before + turns, memory_order_relaxed, memory_scope_device);
  }
}
