import fc from 'fast-check'

/**
 * Properties are tried with the same values in every run, so that a commit is red by its own fault alone. Other values:
 * FAST_CHECK_SEED=random (or a number, to repeat what a run has printed), best with FIDELITY_RUNS=1000.
 */
const given = process.env.FAST_CHECK_SEED
if (given !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given ?? 20_261_122) })
