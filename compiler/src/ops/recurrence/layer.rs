//! What `Rnn`, `Lstm` and `Gru` are as operators: the same but for how they are declared.

/// Makes a layer of a recurrence that is declared.
macro_rules! recurrence {
    ($(#[$doc:meta])* $name:ident = $declare:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub crate::ops::recurrence::Recurrence);

        impl crate::ops::operator::Operator for $name {
            fn declare(arguments: &mut crate::arguments::Arguments<'_>) -> Self {
                let declare: fn(&mut crate::arguments::Arguments<'_>) -> _ = $declare;
                Self(declare(arguments))
            }

            fn arity(&self) -> (usize, usize) {
                (1, 1 + self.0.states())
            }

            fn takes_length(&self) -> bool {
                true
            }

            fn tokens(&self, operand: usize, inputs: &[&[usize]]) -> Option<[u32; 2]> {
                use crate::ops::length::{rows, tokens};
                tokens(operand, self.0.length?, rows(inputs))
            }

            fn levels(&self, asked: crate::ops::levels::Asked<'_>) -> crate::ops::levels::Levels<Self> {
                self.0.levels(asked).map(Self)
            }

            fn states(&self) -> usize {
                self.0.states()
            }

            fn learns_states(&self) -> bool {
                self.0.learns_states
            }

            fn remembers(&self) -> bool {
                true
            }

            fn infer(&self, call: &crate::ops::operator::Application<'_>) -> Result<Vec<usize>, String> {
                self.0.shape(call)
            }

            fn parameters(&self, inputs: &[&[usize]]) -> Vec<crate::parameter::Parameter> {
                self.0.parameters(inputs[0])
            }

            fn pace(&self, timing: &crate::pace::Timing<'_>) -> Result<crate::pace::Pace, String> {
                self.0.pace(timing)
            }

            fn flops(&self, inputs: &[&[usize]], output: &[usize]) -> u64 {
                self.0.flops(inputs[0], output)
            }
        }

        impl crate::ops::lower::Lower for $name {
            fn turns(&self, site: &crate::site::Site<'_>) -> usize {
                self.0.turns(site)
            }

            fn accepts(&self, operand: crate::site::Operand<'_>) -> bool {
                self.0.accepts(operand)
            }

            fn packing(
                &self,
                inputs: &[&crate::storage::Storage],
                _: &[usize],
            ) -> Vec<crate::packing::Packing> {
                self.0.packing(&inputs[0].shape)
            }

            fn reads_floats(&self, operand: usize, _: &[usize]) -> bool {
                operand == 0
            }

            fn infer(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.infer(site)
            }

            fn step(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.step(site)
            }

            fn forward(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.forward(site)
            }

            fn transpose(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.transpose(site)
            }

            fn backward(&self, site: &crate::site::Site<'_>) -> Vec<crate::call::Call<crate::call::Slot>> {
                self.0.backward(site)
            }

            fn update(
                &self,
                site: &crate::site::Site<'_>,
                index: usize,
            ) -> Option<crate::call::Gradient<crate::call::Slot>> {
                Some(self.0.update(site, index))
            }
        }
    };
}
pub(in crate::ops) use recurrence;
