fn main() {
    let mut args = std::env::args().skip(1);
    let (from, to): (u64, u64) =
        (args.next().unwrap().parse().unwrap(), args.next().unwrap().parse().unwrap());
    let lacks = args.next().map(|word| word.parse().unwrap());
    let begun = std::time::Instant::now();
    for seed in from..to {
        if let Err(it) = simulation::simulate(seed, lacks) {
            println!("seed {}: {}\n  {}", it.seed, it.text, it.history.join("\n  "));
            return;
        }
    }
    println!("all good in {:?}", begun.elapsed());
}
