"""Notebook 36: clustering, from k-means on pixels to a learnt code."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="36",
    title="Clustering",
    objectives=(
        "put rows into groups without a label, by k-means on pixels, on a learnt code, and on a table",
        "measure groups against labels by the adjusted Rand index, and without labels by the silhouette",
        "choose a number of clusters, and say how far the choice can be trusted",
        "look at what a cluster holds: its middle, its doubtful rows",
        "say when k-means on the columns as they are is enough",
    ),
    needs="Rows, and labels only to look at afterwards. The handwritten digits that come with the kit are taken by default.",
    leaves="Nothing in the project.",
    minutes=20,
    expect="Adjusted Rand index of the learnt code on the digits: between 0.75 and 0.95, where k-means on pixels has 0.67.",
    exercises={
        "pairs": Exercise(
            ask="The Rand index looks at pairs of rows. How many pairs do 1,797 rows make?",
            compare=answers.number(1797 * 1796 // 2),
            hints=(
                "Each row forms a pair with every other row, and a pair has no order.",
                "n times n - 1 counts each pair twice.",
                "1,797 * 1,796 / 2.",
            ),
            solution="""
                answer = 1_797 * 1_796 // 2
            """,
            why="Two partitions are compared pair by pair: are the two rows together in both, apart in both, or neither?",
        ),
        "chance": Exercise(
            ask="Somebody gives every row a random cluster out of ten. About which adjusted Rand index do you expect?",
            compare=answers.number(0.0, within=0.01),
            hints=(
                "The word 'adjusted' says what was done about luck.",
                "Plain agreement of pairs would be high: most pairs are apart in both partitions.",
                "The adjustment puts what luck gives at a round number.",
            ),
            solution="""
                answer = 0.0
            """,
            why="1 is perfect agreement, 0 what luck gives, and below 0 is worse than luck.",
        ),
        "silhouette": Exercise(
            ask="A row is 2 away from the others in its cluster and 5 away from the rows of the next cluster, on average. What "
            "is its silhouette?",
            compare=answers.number(0.6),
            hints=(
                "It compares the distance to its own cluster, a, with that to the nearest other one, b.",
                "(b - a) over the larger of the two.",
                "(5 - 2) / 5.",
            ),
            solution="""
                answer = (5 - 2) / max(2, 5)
            """,
            why="Near 1 a row is at home, near 0 it lies between two clusters, below 0 it would be better off next door.",
        ),
        "purity": Exercise(
            ask="Write a function of (clusters, labels), two lists of equal length: the share of rows that have the label which "
            "is most frequent in their cluster.",
            compare=answers.passes(
                (([0, 0, 0, 1, 1], ["a", "a", "b", "b", "b"]), 0.8),
                (([0, 0, 1, 1], ["a", "a", "b", "b"]), 1.0),
                (([0, 0, 0, 0], ["a", "b", "c", "d"]), 0.25),
                (([0, 1, 2, 3], ["a", "a", "a", "a"]), 1.0),
            ),
            hints=(
                "Collect the labels of each cluster, and count the most frequent one.",
                "collections.Counter(labels_of_one_cluster).most_common(1)[0][1] is that count.",
                "Sum these counts over the clusters and divide by the number of rows.",
            ),
            solution="""
                from collections import Counter

                def answer(clusters, labels):
                    count = 0
                    for k in set(clusters):
                        own = [label for c, label in zip(clusters, labels) if c == k]
                        count += Counter(own).most_common(1)[0][1]
                    return count / len(labels)
            """,
            why="Purity is easy to read, and easy to cheat: with a cluster for every row it is 1. The Rand index is not fooled.",
        ),
    },
    quiz=(
        Question(
            "The silhouette prefers 12 clusters, and you know of 10 digits. Who is right?",
            "Both: two ways of writing a 1 are two groups of pictures and one digit. No score knows what you want to call one "
            "thing.",
        ),
        Question(
            "Why is a code of few numbers easier to cluster than the pixels?",
            "Distances between pixels count every stroke that moved by one pixel; a code that was learnt from neighbours keeps "
            "what is alike near and lets the rest go.",
        ),
        Question(
            "You cluster customers, and the groups follow the column with the largest numbers. What went wrong?",
            "The columns were not scaled: k-means adds up squared distances, so the largest unit decides.",
            ("too many clusters", "the columns were not scaled", "the wrong seed"),
        ),
        Question(
            "May you choose the number of clusters by the adjusted Rand index against your labels?",
            "Only to study the method. With labels in hand you have a classification problem, and notebook 08 does better.",
        ),
    ),
)
