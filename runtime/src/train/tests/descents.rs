//! Files of an optimizer's state that are well made, but of which something is not as a descent writes it.

use super::{Mlp, samples};
use crate::{
    error::{Error, Result},
    files::record::{DESCENT, Record},
    loss::CrossEntropy,
    network::Network,
    optimizer::Adam,
    parameters::{Seed, initialized},
    step::Descent,
    train::Training,
};
use alloc::{format, string::String, vec::Vec};

type Net = Mlp<true>;

/// A step, so that a course that is read is met by one.
fn step(net: &mut Net, descent: &mut Descent<Net, Adam>) -> Result<()> {
    let (data, mut training) = (samples(8), Training::new(net, 8)?);
    training.backward(net, data.inputs(), data.targets(), &CrossEntropy)?;
    descent.apply(net, training.gradients())
}

#[test]
fn words_may_say_anything() -> Result<()> {
    let mut net: Net = initialized(Seed(1));
    let first = <Net as crate::declared::Declared>::Network::TENSORS[0].name;
    let mut descent = Descent::new(&net, Adam::new(0.01))?;
    step(&mut net, &mut descent)?;
    descent.freeze(first)?;
    step(&mut net, &mut descent)?;
    let record = Record::parse(&DESCENT, None, &descent.to_bytes()?)?;
    let others = [
        "",
        "-1",
        "0",
        "1",
        "7",
        "NaN",
        "inf",
        "-1e308",
        "1e300",
        "true",
        "Mlp",
        "99999999999999999999999",
    ];
    let (mut refused, mut taken) = (0, 0);
    let mut load = |changed: Record| -> Result<()> {
        let (mut net, mut other) = (net.clone(), Descent::new(&net, Adam::new(0.25))?);
        match other.load_bytes(&changed.into_bytes(&DESCENT, None)?) {
            Ok(()) => {
                taken += 1;
                other.thaw(first)?;
                step(&mut net, &mut other)
            }
            Err(Error::Checkpoint { .. } | Error::NotSafetensors { .. }) => {
                refused += 1;
                assert_eq!((other.optimizer.learning_rate, other.steps()), (0.25, 0));
                Ok(())
            }
            Err(error) => Err(error),
        }
    };
    load(record.clone())?;
    for name in record.words.keys() {
        let mut without = record.clone();
        without.words.remove(name);
        load(without)?;
        for other in others {
            let mut changed = record.clone();
            changed.words.insert(name.clone(), other.into());
            load(changed)?;
        }
    }
    // Numbers of all kinds, and one more or less of them.
    for name in record.tensors.keys() {
        for byte in [0, 0x3f, 0x7f, 0xff] {
            let mut changed = record.clone();
            if let Some(stored) = changed.tensors.get_mut(name) {
                stored.bytes.fill(byte);
            }
            load(changed)?;
        }
        let mut without = record.clone();
        without.tensors.remove(name);
        load(without)?;
    }
    let counts: Vec<String> = ["frozen", "rates"]
        .map(|name| format!("courses.{name}"))
        .into();
    for name in counts {
        let mut changed = record.clone();
        changed.say(&name, 1);
        changed.put(&name, [1.0]);
        changed.put("courses.skipped", [1.0]);
        load(changed)?;
    }
    assert!(
        refused > 100 && taken > 10,
        "{refused} refused, {taken} taken"
    );
    Ok(())
}
