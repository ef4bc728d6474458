//! A network that trains hands its weights to threads that answer: whole, newest first, and without an allocation
//! there.
#![forbid(unsafe_code)]

use kiln::{Callback, Error, Moment, Publisher, Reader, Workspace, data::Samples, prelude::*};
use std::thread;

model! {
    /// Every answer is the sum of its weights.
    struct Sums(x: [16]) -> [16] { fc: Dense(16) }

    struct Line(x: [1]) -> [1] { fc: Dense(1) }

    struct Plane(x: [2]) -> [1] { fc: Dense(1) }
}

/// The publications of a test: all their sums are exact.
const COUNT: u64 = 300;

/// A network whose weights are all one number.
fn filled(number: u64) -> Sums {
    let mut net = Sums::new(Seed(0));
    let mut parameters = net.parameters_mut();
    parameters
        .set("fc.weight", &[number as f32; 16 * 16])
        .unwrap();
    parameters.set("fc.bias", &[number as f32; 16]).unwrap();
    net
}

/// Answers until the last publication is read; gives how many networks were.
fn read_all(mut reader: Reader<Sums>) -> u64 {
    let mut workspace = Workspace::new(1);
    let (mut last, mut networks) = (0, 0);
    while last < COUNT {
        let net = reader.latest();
        let answer = workspace.forward(net, &[1.0; 16]);
        let number = reader.number();
        assert_eq!(
            answer,
            [17.0 * number as f32; 16],
            "weights of two publications"
        );
        assert!(number >= last, "an older network came later");
        networks += u64::from(number > last);
        last = number;
    }
    assert_eq!(
        reader.network().forward(&[1.0; 16]),
        [17.0 * COUNT as f32; 16]
    );
    networks
}

#[test]
fn every_answer_is_of_one_whole_network() {
    let mut publisher = Publisher::new();
    let readers = [(); 3].map(|()| publisher.reader(&filled(0)));
    let read = thread::scope(|scope| {
        let reading = readers.map(|reader| scope.spawn(|| read_all(reader)));
        let mut net = filled(0);
        for number in 1..=COUNT {
            net.clone_from(&filled(number));
            publisher.publish(&net);
        }
        reading.map(|thread| thread.join().unwrap())
    });
    assert!(read.iter().all(|networks| (1..=COUNT).contains(networks)));
    assert_eq!((publisher.published(), publisher.readers()), (COUNT, 0));
}

#[test]
fn a_reader_neither_allocates_nor_frees() {
    let mut publisher = Publisher::new();
    let mut reader = publisher.reader(&filled(0));
    let mut workspace = Workspace::new(1);
    let mut answer = [0.0; 16];
    thread::scope(|scope| {
        let publishing = scope.spawn(move || {
            for number in 1..=COUNT {
                publisher.publish(&filled(number));
            }
            publisher
        });
        let counted = allocation_counter::measure(|| {
            while reader.number() < COUNT {
                answer = workspace.forward(reader.latest(), &[1.0; 16]);
            }
        });
        assert_eq!((counted.count_total, counted.count_current), (0, 0));
        assert!(publishing.join().is_ok());
    });
    assert_eq!(answer, [17.0 * COUNT as f32; 16]);
}

#[test]
fn publishing_allocates_once_for_each_reader() {
    let (net, mut publisher) = (filled(1), Publisher::new());
    let readers = [publisher.reader(&net), publisher.reader(&net)];
    let counted = allocation_counter::measure(|| {
        for _ in 0..10 {
            publisher.publish(&net);
        }
    });
    assert_eq!(counted.count_total, 0);
    drop(readers);
}

#[test]
fn readers_come_and_go() {
    let mut publisher = Publisher::new();
    publisher.publish(&filled(1));
    let mut early = publisher.reader(&filled(1));
    assert_eq!((early.number(), early.update()), (1, false));
    publisher.publish(&filled(2));
    publisher.publish(&filled(3));
    // What was not read is passed over.
    assert_eq!(early.latest().forward(&[1.0; 16]), [51.0; 16]);
    assert_eq!((early.number(), early.update()), (3, false));
    let late = publisher.reader(&filled(3));
    assert_eq!((late.number(), publisher.readers()), (3, 2));
    drop(late);
    assert_eq!(publisher.readers(), 1);
    publisher.publish(&filled(4));
    assert!(!early.is_last());
    drop(publisher);
    assert!(early.is_last());
    assert_eq!(early.latest().forward(&[1.0; 16]), [68.0; 16]);
}

/// Keeps a publisher that the test looks at, and the loss of every publication.
struct Told(Publisher<Line>, Reader<Line>, Vec<f32>);

impl Callback for Told {
    fn step_ends(&mut self, moment: &Moment<'_>) -> kiln::Result<()> {
        self.0.publish_moment(moment)?;
        let expected = moment.weights.get("fc.weight");
        assert_eq!(self.1.latest().parameters().get("fc.weight"), expected);
        self.2.extend(expected.unwrap_or_default());
        Ok(())
    }
}

#[test]
fn a_fit_publishes_its_weights() -> kiln::Result<()> {
    let pairs = (0..32).map(|i| i as f32 / 32.0).map(|x| ([x], [3.0 * x]));
    let data = Samples::from_pairs(pairs)?;
    let trainer = || Trainer::new(Sgd::new(0.1), Mse).epochs(3).batch(8).quiet();

    // After each epoch, and in the end.
    let mut net = Line::new(Seed(1));
    let mut publisher = Publisher::new();
    let mut reader = publisher.reader(&net);
    trainer().callback(publisher).fit(&mut net, &data)?;
    assert_eq!(reader.latest().to_bytes()?, net.to_bytes()?);
    assert_eq!((reader.number(), reader.is_last()), (4, true));

    // After every second of twelve steps, too.
    let mut net = Line::new(Seed(1));
    let mut publisher = Publisher::new();
    let mut reader = publisher.reader(&net);
    let publisher = publisher.every_steps(2);
    trainer().callback(publisher).fit(&mut net, &data)?;
    assert!(reader.update());
    assert_eq!(reader.number(), 6 + 3 + 1);

    // By a callback of one's own.
    let mut net = Line::new(Seed(1));
    let mut publisher = Publisher::new();
    let reader = publisher.reader(&net);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Told(publisher, reader, Vec::new())));
    let mut trainer = trainer().callback(std::sync::Arc::clone(&told));
    trainer.fit(&mut net, &data)?;
    assert_eq!(told.lock().unwrap().2.len(), 12);

    // The readers of another network.
    let publisher = Publisher::<Plane>::new();
    let mut trainer = Trainer::new(Sgd::new(0.1), Mse).quiet().callback(publisher);
    let error = trainer.fit(&mut net, &data).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Setting {
                setting: "publisher",
                ..
            }
        ),
        "{error}"
    );
    Ok(())
}
