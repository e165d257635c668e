using System.Globalization;
using Tidings.Attacks;

// Tidings.Attacks [--seconds 60] [attack ...]: attacks a server of its own on loopback. Exit code 1: somebody was harmed.
if (args is ["strike", var id, var port, var duration])
{
    var target = new Target(int.Parse(port, CultureInfo.InvariantCulture));
    Console.WriteLine(await Strike.RunAsync(AttackTable.Find(id)!, target, TimeSpan.FromSeconds(double.Parse(duration, CultureInfo.InvariantCulture))));
    return 0;
}

var seconds = 60.0;
var names = args.ToList();
if (names.IndexOf("--seconds") is var at and >= 0)
{
    seconds = double.Parse(names[at + 1], CultureInfo.InvariantCulture);
    names.RemoveRange(at, 2);
}

if (names.Find(static name => AttackTable.Find(name) is null) is { } unknown)
{
    await Console.Error.WriteLineAsync($"No attack is called {unknown}. There are: {string.Join(", ", AttackTable.All.Select(static attack => attack.Id))}");
    return 2;
}

var failed = 0;
foreach (var attack in AttackTable.All.Where(attack => names.Count == 0 || names.Contains(attack.Id)))
{
    var run = await AttackRun.RunAsync(attack, TimeSpan.FromSeconds(seconds));
    Console.WriteLine(run);
    failed += run.IsGood ? 0 : 1;
    if (!run.IsGood)
    {
        Console.WriteLine(run.Output);
    }
}

return failed > 0 ? 1 : 0;
