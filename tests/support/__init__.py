"""What every black-box suite shares: the runner, the runtime driver, bundles and the census."""
