using Tidings.Protocol;

namespace Tidings.Faults.Tests.Oracle;

/// <summary>Makes histories that are right for the most part: each step is what a right server would do, or now and then anything at all.</summary>
internal static class HistoryGenerator
{
    private const int Values = 9;

    private static readonly string[] Epochs = ["e1", "e2"];
    private static readonly string[] Reasons = ["trimmed", "slow", "epoch"];

    /// <param name="seed">Which history.</param>
    /// <param name="steps">How long.</param>
    /// <param name="oneIn">How often a step is anything at all.</param>
    public static History Make(int seed, int steps, int oneIn)
    {
        var random = new Random(seed);
        var history = new History();
        var log = new List<int>();
        var epoch = 0;
        for (var step = 0; step < steps; step++)
        {
            if (random.Next(oneIn) == 0)
            {
                Anything(history, random);
            }
            else
            {
                Rightly(history, random, log, ref epoch);
            }
        }

        if (random.Next(4) > 0)
        {
            for (var reader = 0; reader < 2; reader++)
            {
                CatchUp(history, reader, log, Epochs[epoch], random.Next(oneIn) == 0 ? 1 : int.MaxValue);
            }

            var values = random.Next(oneIn) == 0 ? log.Skip(1).ToList() : log;
            history.Close(new StreamPosition(Epochs[epoch], log.Count), values);
        }

        return history;
    }

    private static void Rightly(History history, Random random, List<int> log, ref int epoch)
    {
        var reader = random.Next(2);
        switch (random.Next(12))
        {
            case < 5:
                var value = log.Count + 1 + (epoch * Values);
                if (log.Count < Values)
                {
                    history.Say(value, random.Next(2) == 0, random.Next(2) == 0);
                    log.Add(value);
                    if (random.Next(3) > 0)
                    {
                        history.Answer(value, new StreamPosition(Epochs[epoch], log.Count));
                    }
                }

                break;
            case < 10:
                CatchUp(history, reader, log, Epochs[epoch], random.Next(1, 5));
                break;
            case 10:
                if (history.CursorOf(reader) is { } cursor && cursor.Epoch == Epochs[epoch] && cursor.Offset <= log.Count)
                {
                    history.Subscribe(reader, cursor, cursor, recovered: true);
                }

                break;
            default:
                if (epoch == 0 && random.Next(6) == 0)
                {
                    epoch = 1;
                    log.Clear();
                }
                else if (random.Next(6) == 0)
                {
                    history.End(reader);
                }
                else if (random.Next(6) == 0)
                {
                    history.Read(new StreamPosition(Epochs[epoch], Math.Max(1, log.Count)), log.Count == 0 ? 1 : log[^1]);
                }

                break;
        }
    }

    private static void CatchUp(History history, int reader, List<int> log, string epoch, int most)
    {
        if (history.CursorOf(reader) is not { } cursor)
        {
            history.Subscribe(reader, new StreamPosition(epoch, log.Count), null, null);
            return;
        }

        if (cursor.Epoch != epoch)
        {
            history.Gap(reader, new StreamPosition(epoch, log.Count), cursor.Offset + 1, cursor.Offset, "epoch");
            return;
        }

        if (history.Readers[reader] is not [.., { Kind: ToldKind.End }])
        {
            for (var offset = cursor.Offset + 1; offset <= log.Count && most-- > 0; offset++)
            {
                history.Message(reader, offset, log[(int)offset - 1]);
            }
        }
    }

    private static void Anything(History history, Random random)
    {
        var reader = random.Next(3);
        var position = new StreamPosition(Epochs[random.Next(2)], random.Next(0, 8));
        var value = random.Next(0, (2 * Values) + 3);
        switch (random.Next(9))
        {
            case 0:
                history.Say(Math.Max(1, value), random.Next(2) == 0, random.Next(2) == 0);
                break;
            case 1:
                history.Answer(Math.Max(1, value), position with { Offset = position.Offset + 1 });
                break;
            case 2:
                history.Refuse(value);
                break;
            case 3:
                StreamPosition? asked = random.Next(3) switch { 0 => null, 1 => history.CursorOf(reader), _ => position };
                history.Subscribe(reader, random.Next(2) == 0 ? asked ?? position : position, asked, random.Next(3) switch { 0 => null, 1 => true, _ => false });
                break;
            case 4 or 5:
                history.Message(reader, random.Next(2) == 0 ? position.Offset : (history.CursorOf(reader)?.Offset ?? 0) + random.Next(4), value);
                break;
            case 6:
                history.Gap(reader, position, random.Next(1, 8), random.Next(0, 8), Reasons[random.Next(3)]);
                break;
            case 7:
                history.Read(position with { Offset = position.Offset + 1 }, value);
                break;
            default:
                history.Revoke();
                break;
        }
    }
}
