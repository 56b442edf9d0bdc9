<?php

namespace App;

leaf();
$made = function () {
    return leaf();
};
$made();
