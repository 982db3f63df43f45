"""What can be done in the window: the words, keys, icon and tooltip of every action, as data."""

from dataclasses import dataclass
from typing import Final, final

from lab.ui.words import Text


@final
@dataclass(frozen=True, slots=True)
class Verb:
    """One action. `keys` are separated by spaces, the first is shown; `group` names exclusive choices."""

    name: str
    text: Text
    keys: str
    tip: Text
    icon: str = ""
    check: bool = False
    group: str = ""
    data: str = ""


RUN: Final = (
    Verb("run", Text("Run", "运行"), "F5", Text("Run this experiment", "运行此实验"), "run"),
    Verb(
        "run_anew",
        Text("Run from the beginning", "从头运行"),
        "Ctrl+F5",
        Text("Begin a new run, whatever there is to resume", "开始新的运行，不从检查点继续"),
    ),
    Verb(
        "one_update",
        Text("One update", "一次更新"),
        "F6",
        Text("Make one update; pauses first", "先暂停，再做一次更新"),
        "step",
    ),
    Verb(
        "one_epoch",
        Text("One epoch", "一轮"),
        "F7",
        Text("Train to the end of the epoch, then pause", "训练到本轮结束，然后暂停"),
        "epoch",
    ),
    Verb(
        "stop",
        Text("Stop", "停止"),
        "Shift+F5",
        Text("End the run here and keep a checkpoint", "在此结束运行，并保留检查点"),
        "stop",
    ),
    Verb(
        "snapshot",
        Text("Write a checkpoint", "写入检查点"),
        "Ctrl+Shift+C",
        Text("Keep the run as it is now", "保存运行的当前状态"),
    ),
)

FILE: Final = (
    Verb("new", Text("Empty experiment", "空白实验"), "Ctrl+N", Text("Begin with the defaults", "从默认值开始")),
    Verb("open", Text("Open…", "打开…"), "Ctrl+O", Text("Open an experiment file", "打开实验文件")),
    Verb(
        "own_data",
        Text("Own data…", "自己的数据…"),
        "Ctrl+Shift+O",
        Text("Make an experiment from a CSV or a text", "用 CSV 或文本文件建立实验"),
    ),
    Verb("save", Text("Save", "保存"), "Ctrl+S", Text("Save the experiment file", "保存实验文件")),
    Verb("save_as", Text("Save as…", "另存为…"), "Ctrl+Shift+S", Text("Save under another name", "以其他名称保存")),
    Verb("gallery", Text("Gallery", "示例"), "Ctrl+G", Text("Choose a shipped experiment", "选择自带的实验")),
    Verb(
        "settings",
        Text("Settings…", "设置…"),
        "Ctrl+,",
        Text("Language, theme, text size, folders", "语言、主题、文字大小、文件夹"),
    ),
    Verb("quit", Text("Quit", "退出"), "Ctrl+Q", Text("Close the window and end training", "关闭窗口并结束训练")),
    Verb("undo", Text("Undo", "撤销"), "Ctrl+Z", Text("Undo the last edit", "撤销上一次改动"), "undo"),
    Verb("redo", Text("Redo", "重做"), "Ctrl+Shift+Z Ctrl+Y", Text("Redo what was undone", "重做撤销的改动"), "redo"),
    Verb("help", Text("Help", "帮助"), "F1", Text("Open the help", "打开帮助"), "help"),
    Verb("about", Text("About RNN Lab", "关于 RNN Lab"), "Shift+F1", Text("Version and licences", "版本与许可")),
)

VIEW_MENU: Final = "Alt+Shift+M"
"""Opens the menu of the view at hand."""

VIEW: Final = (
    Verb(
        "toggle_left",
        Text("Experiment", "实验"),
        "F9",
        Text("Show or hide the experiment", "显示或隐藏实验"),
        "panel-left",
        check=True,
    ),
    Verb(
        "toggle_problems",
        Text("Problems", "问题"),
        "F8",
        Text("Show or hide the problems", "显示或隐藏问题"),
        "panel-bottom",
        check=True,
    ),
    Verb(
        "toggle_right",
        Text("Inspector", "检查器"),
        "F10",
        Text("Show or hide cell, runs and plugins", "显示或隐藏单元、运行记录和插件"),
        "panel-right",
        check=True,
    ),
    Verb(
        "enlarge",
        Text("Enlarge view", "放大视图"),
        "Ctrl+Return",
        Text("Show one view alone, and back", "单独显示一个视图，或恢复"),
        check=True,
    ),
    Verb("next_view", Text("Next view", "下一视图"), "Ctrl+Tab", Text("Go to the next view", "转到下一个视图")),
    Verb(
        "previous_view",
        Text("Previous view", "上一视图"),
        "Ctrl+Shift+Tab",
        Text("Go to the view before", "转到上一个视图"),
    ),
    Verb(
        "view_menu",
        Text("Menu of the view", "视图菜单"),
        VIEW_MENU,
        Text("What the chosen view can show otherwise; saving; help", "所选视图的其他显示方式、保存、帮助"),
    ),
    Verb("filter_runs", Text("Filter runs", "筛选运行记录"), "Ctrl+F", Text("Find stored runs", "查找保存的运行记录")),
    Verb(
        "export",
        Text("Save picture…", "保存图片…"),
        "Ctrl+E",
        Text("Save the chosen view as a picture", "把所选视图存为图片"),
    ),
    Verb(
        "reset_arrangement",
        Text("Reset arrangement", "恢复布局"),
        "Ctrl+Shift+0",
        Text("Put all views and panels back in their places", "把视图和面板放回原处"),
    ),
    Verb("larger", Text("Larger text", "放大文字"), "Ctrl++ Ctrl+=", Text("Make all text larger", "放大所有文字")),
    Verb("smaller", Text("Smaller text", "缩小文字"), "Ctrl+-", Text("Make all text smaller", "缩小所有文字")),
    Verb("normal_size", Text("Normal text", "标准文字"), "Ctrl+0", Text("Text of normal size", "标准大小的文字")),
)


PANEL_MENU: Final = "Alt+Shift+P"
"""Opens the menu of what can be done with the panel that has the focus."""

PANEL: Final = (
    Verb(
        "panel.next",
        Text("Next panel", "下一面板"),
        "Ctrl+F6",
        Text("Give the focus to the next panel or view", "把焦点移到下一个面板或视图"),
    ),
    Verb(
        "panel.previous",
        Text("Previous panel", "上一面板"),
        "Ctrl+Shift+F6",
        Text("Give the focus to the panel or view before", "把焦点移到上一个面板或视图"),
    ),
    Verb(
        "panel.left",
        Text("Move left", "左移"),
        "Alt+Home",
        Text("Change places with the panel at the left, or go to that side", "与左边的面板互换位置，或移到左侧"),
    ),
    Verb(
        "panel.right",
        Text("Move right", "右移"),
        "Alt+End",
        Text("Change places with the panel at the right, or go to that side", "与右边的面板互换位置，或移到右侧"),
    ),
    Verb(
        "panel.up",
        Text("Move up", "上移"),
        "Alt+PgUp",
        Text("Change places with the panel above, or go to the top", "与上方的面板互换位置，或移到顶部"),
    ),
    Verb(
        "panel.down",
        Text("Move down", "下移"),
        "Alt+PgDown",
        Text("Change places with the panel below, or go to the bottom", "与下方的面板互换位置，或移到底部"),
    ),
    Verb(
        "panel.tab",
        Text("Tab with…", "并为标签页…"),
        "Alt+Shift+T",
        Text("Share the place of another panel, as a tab", "与另一个面板共用位置，各为一个标签页"),
    ),
    Verb(
        "panel.float",
        Text("Float or dock", "浮动或停靠"),
        "Alt+Shift+F",
        Text("Make the panel a window of its own, or put it back", "让面板成为独立窗口，或放回原处"),
    ),
    Verb(
        "panel.close",
        Text("Close panel", "关闭面板"),
        "Ctrl+W",
        Text("Close the panel or view; the menu View opens it again", "关闭面板或视图；可从“视图”菜单重新打开"),
    ),
    Verb("panel.wider", Text("Wider", "加宽"), "Alt+Shift+Right", Text("Make the panel wider", "把面板加宽")),
    Verb("panel.narrower", Text("Narrower", "变窄"), "Alt+Shift+Left", Text("Make the panel narrower", "把面板变窄")),
    Verb("panel.taller", Text("Taller", "加高"), "Alt+Shift+Up", Text("Make the panel taller", "把面板加高")),
    Verb("panel.shorter", Text("Shorter", "变矮"), "Alt+Shift+Down", Text("Make the panel shorter", "把面板变矮")),
)


def _perspective(name: str, text: Text, keys: str, tip: Text) -> Verb:
    return Verb(f"perspective.{name}", text, keys, tip, check=True, group="perspective", data=name)


def _choice(group: str, data: str, text: Text, keys: str, tip: Text) -> Verb:
    return Verb(f"{group}.{data}", text, keys, tip, check=True, group=group, data=data)


CHOICES: Final = (
    _perspective(
        "overview",
        Text("Overview", "总览"),
        "Alt+1",
        Text("What is learned, what is remembered, and why", "学到什么、记住什么、为什么"),
    ),
    _perspective(
        "memory",
        Text("Memory", "记忆"),
        "Alt+2",
        Text("Hidden states, gates, phase, weights", "隐藏状态、门、相图、权重"),
    ),
    _perspective(
        "gradients", Text("Gradients", "梯度"), "Alt+3", Text("How far gradients reach back", "梯度能回溯多远")
    ),
    _perspective("compare", Text("Compare", "比较"), "Alt+4", Text("This run beside others", "与其他运行对照")),
    _perspective(
        "present",
        Text("Present", "演示"),
        "F11 Alt+5",
        Text("One view in large type; Esc goes back", "大字显示单个视图；Esc 返回"),
    ),
    _choice("language", "en", Text.plain("English"), "Alt+Shift+E", Text("Show English", "以英文显示")),
    _choice("language", "zh", Text.plain("简体中文"), "Alt+Shift+Z", Text("Show Chinese", "以中文显示")),
    _choice(
        "theme",
        "system",
        Text("Follow the system", "跟随系统"),
        "Alt+Shift+S",
        Text("Light or dark as the system is", "随系统使用浅色或深色"),
    ),
    _choice("theme", "light", Text("Light", "浅色"), "Alt+Shift+L", Text("Light colours", "使用浅色")),
    _choice("theme", "dark", Text("Dark", "深色"), "Alt+Shift+D", Text("Dark colours", "使用深色")),
)

PERSPECTIVES: Final = tuple(verb.data for verb in CHOICES if verb.group == "perspective")
