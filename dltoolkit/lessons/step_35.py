"""Notebook 35: credit scoring, from a scorecard to a network, and what a decision costs."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="35",
    title="Credit scoring",
    objectives=(
        "turn the weights of a logistic regression into the points of a scorecard",
        "compare a scorecard, boosting and a network on the same rows, with intervals and seconds",
        "make ratios and aggregates of columns, and measure what they are worth",
        "find the threshold that costs least, and say what it rests on",
        "say when the simpler model is the better choice",
    ),
    needs="A table with two classes, prepared as far as notebook 03: project.catch_up('design') does it.",
    leaves="Nothing in the project. The test part is opened once, at the end, and the ledger says so.",
    minutes=25,
    expect="AUC of the tabular network on the credit table's validation rows: between 0.80 and 0.90.",
    exercises={
        "points": Exercise(
            ask="In a scorecard 20 points double the odds. A column has the weight 0.9 in the logistic regression. How "
            "many points does one unit of it change, to the nearest tenth?",
            compare=answers.number(20 * 0.9 / 0.6931471805599453, within=0.051),
            hints=(
                "A weight is a change of the log odds; doubling the odds adds ln 2 = 0.693 to them.",
                "So 0.693 of log odds are worth 20 points; how many is one?",
                "20 / 0.693 points for each unit of log odds, times 0.9.",
            ),
            solution="""
                import math
                answer = 0.9 * 20 / math.log(2)
            """,
            why="Points are log odds in another unit: points = weight x 20 / ln 2, here 26.0.",
        ),
        "gini": Exercise(
            ask="A colleague reports a Gini coefficient of 0.70. What is the AUC?",
            compare=answers.number(0.85),
            hints=(
                "The Gini coefficient is 0 for a model that guesses and 1 for a perfect one; AUC is 0.5 and 1 there.",
                "It is the straight line between those two points: Gini = 2 AUC - 1.",
                "Solve 0.70 = 2 AUC - 1.",
            ),
            solution="""
                answer = (0.70 + 1) / 2
            """,
            why="Gini = 2 AUC - 1, so that chance is 0: the same ranking in another unit, usual in banks.",
        ),
        "threshold": Exercise(
            ask="On a hundred lent, a loan that is paid back earns 8, and one that goes bad loses 60. From which "
            "probability of going bad up should it be refused?",
            compare=answers.number(8 / 68, within=0.0051),
            hints=(
                "Refusing earns nothing. When is lending expected to earn less than nothing?",
                "Lending earns 8 with the probability 1 - p, and loses 60 with the probability p.",
                "Solve 8 (1 - p) = 60 p.",
            ),
            solution="""
                answer = 8 / (8 + 60)
            """,
            why="At 8 / 68 = 0.118 both choices are worth the same (Elkan 2001): far from 0.5, as errors differ in price.",
        ),
        "burden": Exercise(
            ask="Write a function of (amount, months, income, expenses) that returns the share of what is left each month "
            "(income less expenses) that the instalment (amount over months) takes; None where nothing is left.",
            compare=answers.passes(
                ((1200, 12, 200, 100), 1.0),
                ((600, 24, 150, 50), 0.25),
                ((1000, 10, 90, 90), None),
                ((1000, 10, 60, 90), None),
            ),
            hints=(
                "Two quantities, both a month: what has to be paid, and what is left to pay from.",
                "Look first whether income is above expenses.",
                "(amount / months) / (income - expenses), and None unless income > expenses.",
            ),
            solution="""
                def answer(amount, months, income, expenses):
                    left = income - expenses
                    return amount / months / left if left > 0 else None
            """,
            why="A ratio with a meaning: a network can only approach a division, so hand it over ready made.",
        ),
        "clearly": Exercise(
            ask="The network's AUC is 0.006 above boosting's, with an interval of the difference from -0.004 to 0.016. Is "
            "it 'better', 'worse' or 'not clearly different'?",
            compare=answers.one_of("not clearly different", ["better", "worse", "not clearly different"]),
            hints=(
                "The interval holds the differences that the rows cannot rule out.",
                "Is a difference of exactly 0 among them?",
                "A verdict needs the interval to lie on one side of 0.",
            ),
            solution="""
                answer = "not clearly different"
            """,
            why="0 lies inside, so other rows might have shown the opposite. The simpler model may be taken without loss.",
        ),
    },
    quiz=(
        Question(
            "Why does refusing everybody, or nobody, belong into the comparison?",
            "A model whose decisions cost more than such a rule is worse than none, however good its AUC.",
        ),
        Question(
            "The costs change from 5 to 20 for a bad loan. What has to be trained again?",
            "Nothing: the probabilities stay, the threshold moves from 1/6 to 1/21.",
            ("the network", "the preprocessing", "nothing"),
        ),
        Question(
            "An aggregate such as the median income by job takes its numbers from which rows?",
            "From the training rows alone, and the target takes no part; else the answer leaks into the features.",
            ("the training rows", "all rows", "the test rows"),
        ),
        Question(
            "Your table has 1,000 rows and 12 columns, and a regulator asks for reasons. Which model?",
            "The scorecard: it is about as good on so few rows, and each of its points can be explained to the applicant.",
        ),
    ),
    here=(3, 4, 8, 10),
)
